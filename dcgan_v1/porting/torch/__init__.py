"""The writer of PyTorch ports."""
