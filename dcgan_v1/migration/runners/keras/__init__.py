"""Runs a port made of Keras models or tf.Modules."""
