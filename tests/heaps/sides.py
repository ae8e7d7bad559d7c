"""The TF1 sides of the heaps' pairs, for a process that is told a pair's name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def old(name):
    """The graph of a pair."""
    import tensorflow.compat.v1 as tf

    from dcgan_v1.compare import Tf1
    from heaps.pairs import DIFFERENT, EQUAL

    (pair,) = [p for p in (*EQUAL, *DIFFERENT) if p.name == name]

    def build():
        tf.set_random_seed(1)
        pair.old()

    return Tf1(function=build)
