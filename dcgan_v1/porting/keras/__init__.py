"""The writer of Keras ports."""
