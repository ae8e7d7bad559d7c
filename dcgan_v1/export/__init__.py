"""Trained networks in the formats of others: a file for each format, each with what it
writes, how that is loaded in five lines, and how far it may be from the session."""

from importlib import import_module

FORMATS = ("savedmodel", "frozen", "tflite", "onnx", "keras", "torch")


def get(name):
    """Returns the module of a format.

    It has TITLE; NEEDS, packages that are not among the project's own; NOTE, for the
    card; and `write(network, folder)`, which returns file -> (the lines that load it,
    how far it may be from the session as a share of the range; None for any).
    """
    return import_module(f"dcgan_v1.export.to_{name}")
