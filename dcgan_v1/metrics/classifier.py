"""The judge of MNIST samples: a small convolutional classifier of digits.

Not a copy of any system's discriminator, so that no generator was trained against it.
Trained by `scripts/train_classifier.py`; ships in `pretrained/mnist_classifier`.
"""

import tensorflow.compat.v1 as tf

from dcgan_v1 import ops

NAME = "mnist_classifier"
IMAGE_SHAPE = (28, 28, 1)
CLASSES = 10
FEATURES = 128
DROPOUT = 0.5
BN = {"decay": 0.99, "epsilon": 1e-3, "gamma_initializer": tf.ones_initializer()}


def classify(images, is_training, *, keep=None):
    """Says which digit an image shows.

    Args:
      images: [N, 28, 28, 1] in [0, 1].
      is_training: bool, see `ops.batch_norm`.
      keep: bool mask [N, 128] of the dropout; without it nothing is dropped.

    Returns:
      Logits [N, 10]; features [N, 128], at least 0, what the logits are read from; and
      batch norm's update ops.
    """
    conv = {"w_initializer": tf.glorot_uniform_initializer()}
    with tf.variable_scope(NAME, reuse=tf.AUTO_REUSE):
        h = ops.conv2d(images, 32, 3, "conv1", stride=1, **conv)  # [N, 28, 28, 32]
        h, updates1 = ops.batch_norm(h, is_training, "bn1", **BN)
        h = tf.nn.relu(h)

        h = ops.conv2d(h, 32, 5, "conv2", stride=2, **conv)  # [N, 14, 14, 32]
        h, updates2 = ops.batch_norm(h, is_training, "bn2", **BN)
        h = tf.nn.relu(h)

        h = ops.conv2d(h, 64, 3, "conv3", stride=1, **conv)  # [N, 14, 14, 64]
        h, updates3 = ops.batch_norm(h, is_training, "bn3", **BN)
        h = tf.nn.max_pool2d(tf.nn.relu(h), 2, 2, "SAME")  # [N, 7, 7, 64]

        h = tf.reshape(h, [-1, 7 * 7 * 64])  # [N, 3136]
        h = ops.linear(h, FEATURES, "linear4", **conv)  # [N, 128]
        h, updates4 = ops.batch_norm(h, is_training, "bn4", **BN)
        features = tf.nn.relu(h)  # [N, 128]

        h = features if keep is None else ops.dropout(features, keep, DROPOUT)
        bias = {"b_initializer": tf.zeros_initializer()}
        logits = ops.linear(h, CLASSES, "linear5", **conv, **bias)  # [N, 10]
        return logits, features, updates1 + updates2 + updates3 + updates4
