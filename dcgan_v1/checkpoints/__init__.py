"""Saver checkpoints: found by a path, read, written whole, restored into a graph."""
