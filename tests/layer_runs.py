"""A layer of a few variables, run in a session."""

import tensorflow.compat.v1 as tf

NORMAL = tf.random_normal_initializer(stddev=0.5)


def run(session, *fetches):
    session.run(tf.global_variables_initializer())
    return session.run(fetches)


def variable(session, name):
    (found,) = (v for v in tf.global_variables() if v.op.name == name)
    return session.run(found)
