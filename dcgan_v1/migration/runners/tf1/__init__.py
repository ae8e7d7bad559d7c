"""Runs a foreign graph: a TF1 graph of which nothing is known but what it holds."""
