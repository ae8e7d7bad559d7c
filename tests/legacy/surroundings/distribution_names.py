"""tf.contrib.distributions beyond tf.distributions."""

import numpy as np
import tensorflow as tf


def run(build):
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        fetches = build(tf.contrib.distributions)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run(fetches)


def moments(draws):
    """Of many draws, to one digit: the draws themselves are another generator's."""
    return np.round(np.mean(draws, 0), 1), np.round(np.std(draws, 0), 1)


def probe_logistic():
    def build(ds):
        d = ds.Logistic([0.0, 1.0], 0.5)
        x = [0.25, -1.0]
        of_x = [d.log_prob(x), d.cdf(x), d.log_cdf(x), d.survival_function(x), d.prob(x)]
        return [*of_x, d.entropy(), d.mean(), d.stddev(), d.mode(), d.variance()]

    return run(build)


def probe_logistic_draws():
    return moments(run(lambda ds: ds.Logistic([0.0, 3.0], [0.5, 0.2]).sample(20000, seed=1)))


def probe_poisson():
    def build(ds):
        d = ds.Poisson([1.5, 3.0])
        late = ds.Poisson(log_rate=[0.5])
        of_x = [d.log_prob([2.0, 0.0]), d.cdf([2.0, 0.0]), d.mean(), d.variance(), d.mode()]
        return [*of_x, late.log_prob([1.0]), late.rate]

    return run(build)


def probe_deterministic():
    def build(ds):
        d = ds.Deterministic([1.0, 2.0])
        return d.sample(2), d.prob([1.0, 2.5]), d.cdf([0.5, 2.0]), d.mean(), d.variance()

    return run(build)


def probe_relaxed_bernoulli():
    def build(ds):
        d = ds.RelaxedBernoulli(0.5, logits=[0.0, 1.0])
        other = ds.RelaxedBernoulli(0.5, probs=[0.3])
        return d.log_prob([0.25, 0.9]), other.logits, d.probs

    return run(build)


def probe_relaxed_bernoulli_draws():
    draws = run(lambda ds: ds.RelaxedBernoulli(0.5, logits=[0.0, 2.0]).sample(20000, seed=1))
    return moments(draws)


def probe_relaxed_bernoulli_gradient():
    def build(ds):
        logits = tf.constant([0.0, 1.0])
        drawn = ds.RelaxedBernoulli(1.0, logits=logits).sample()
        return tf.cast(tf.gradients(drawn, logits)[0] > 0, tf.int32)

    return run(build)


def probe_softplus_scale():
    def build(ds):
        d = ds.NormalWithSoftplusScale([0.0], [0.5])
        return d.stddev(), d.log_prob([1.0]), ds.softplus_inverse([0.5, 3.0])

    return run(build)


def probe_independent():
    def build(ds):
        d = ds.Independent(ds.Normal(tf.zeros([2, 3, 4]), 2.0))
        other = ds.Independent(ds.Bernoulli(logits=[[0.0, 1.0]]), 1)
        same = ds.Independent(ds.Normal(tf.ones([2, 3, 4]), 2.0))
        x = tf.reshape(tf.range(24.0), [2, 3, 4]) / 24
        sizes = [d.batch_shape_tensor(), d.event_shape_tensor(), tf.shape(d.sample(5))]
        of_d = [d.log_prob(x), d.entropy(), d.mean()[0, 0], ds.kl_divergence(d, same)]
        return sizes + of_d + [other.log_prob([[1, 0]])]

    return run(build)


def probe_mixture_of_one_family():
    def build(ds):
        d = ds.MixtureSameFamily(
            ds.Categorical(probs=[0.25, 0.75]), ds.Normal([0.0, 3.0], [1.0, 0.5])
        )
        axes = ds.MixtureSameFamily(
            ds.Categorical(logits=[0.0, 1.0]),
            ds.MultivariateNormalDiag([[0.0, 1.0], [2.0, 1.0]], [[1.0, 1.0], [1.0, 2.0]]),
        )
        of_d = [d.log_prob(1.0), d.prob([0.0, 3.0]), d.mean(), d.variance()]
        return [*of_d, axes.log_prob([[0.0, 0.0]]), axes.mean(), tf.shape(axes.sample(5))]

    return run(build)


def probe_mixture_of_one_family_draws():
    def build(ds):
        d = ds.MixtureSameFamily(
            ds.Categorical(probs=[0.25, 0.75]), ds.Normal([0.0, 3.0], [1.0, 0.5])
        )
        return d.sample(20000, seed=1)

    return moments(run(build))


def probe_normal_of_a_triangle():
    def build(ds):
        scale = tf.constant([[1.0, 0.0], [0.5, 2.0]])
        d = ds.MultivariateNormalTriL([1.0, -1.0], scale)
        many = ds.MultivariateNormalTriL(tf.zeros([3, 2]), tf.stack([scale] * 3))
        of_d = [d.log_prob([0.0, 0.0]), d.entropy(), d.covariance(), d.stddev(), d.mean()]
        return [*of_d, many.log_prob([[1.0, 0.0]] * 3), tf.shape(many.sample(4))]

    return run(build)


def probe_normal_of_a_triangle_draws():
    def build(ds):
        d = ds.MultivariateNormalTriL([1.0, -1.0], [[1.0, 0.0], [0.5, 2.0]])
        return d.sample(20000, seed=1)

    return moments(run(build))
