"""The original scripts' loops as they stand."""

from importlib import import_module


def make_step(model, batch_size):
    module = import_module(f"originals.{model}")
    return module.make_step(batch_size)
