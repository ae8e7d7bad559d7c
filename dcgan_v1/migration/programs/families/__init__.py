"""What vanished since TensorFlow 1, supplied: a file for each family of names."""
