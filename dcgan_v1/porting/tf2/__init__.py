"""The writer of tf.Module ports."""
