"""A stand-in: ports of that time read MNIST with TensorFlow's tutorial."""
