"""Training of five DCGANs as TF1 graphs, and a toolkit to compare, run and port TF1 programs."""

__version__ = "0.2.0"
