"""Training data: arrays of uint8 images, checked while they are read."""
