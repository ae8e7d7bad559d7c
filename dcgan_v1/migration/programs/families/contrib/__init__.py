"""tf.contrib, by its packages."""
