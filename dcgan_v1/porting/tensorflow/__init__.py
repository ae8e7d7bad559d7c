"""What ports in Keras and in tf.Module share."""
