"""Writes a port of a TF1 program: read off its graph, written in another framework, proven."""
