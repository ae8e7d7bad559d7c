"""What networks and training steps are made of: graph mode, `tf.nn`, nothing above."""
