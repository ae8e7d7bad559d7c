"""DCGANs in TensorFlow-1 style: graph mode under `tf.compat.v1`, eager off."""

__version__ = "0.2.0"
