"""Names of tf.contrib that programs use one or two of: warps, checks, predictors and the like."""

import os
import tempfile

import numpy as np
import tensorflow as tf


def run(build):
    with tf.Graph().as_default():
        fetches = build()
        with tf.Session() as sess:
            sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            return sess.run(fetches)


IMAGE = np.arange(24).reshape(1, 3, 4, 2) / 24.0


def probe_dense_image_warp():
    def build():
        image = tf.constant(IMAGE, tf.float32)
        flow = tf.constant(np.linspace(-2, 2, 24).reshape(1, 3, 4, 2), tf.float32)
        y = tf.contrib.image.dense_image_warp(image, flow)
        return y, tf.gradients(y, [image, flow])

    return [np.round(x, 5) for x in tf.contrib.framework.nest.flatten(run(build))]


def probe_resampler():
    def build():
        points = [[[0.5, 0.5], [3.0, 2.0], [-0.5, 1.0], [3.5, 2.5], [9.0, 0.0], [1.25, 0.0]]]
        image, warp = tf.constant(IMAGE, tf.float32), tf.constant(points, tf.float32)
        y = tf.contrib.resampler.resampler(image, warp)
        return y, tf.gradients(y, [image, warp])

    y, (of_image, of_warp) = run(build)
    # at a pixel itself, and outside, the slope is one of two
    return np.round(y, 5), np.round(of_image, 5), np.round(of_warp[0, [0]], 5)


def probe_compose_transforms():
    def build():
        image = tf.contrib.image
        a = image.angles_to_projective_transforms([0.5, 1.0], 4.0, 6.0)
        b = tf.constant([[1.0, 0.1, 2.0, 0.0, 1.0, 1.0, 0.01, 0.0]] * 2)
        return image.compose_transforms(a, b, a)

    return np.round(run(build), 4)


def probe_sparsemax():
    def build():
        x = tf.constant([[0.1, 1.0, 0.5], [3.0, 1.0, 3.0], [0.0, 0.0, 0.0]])
        y = tf.contrib.sparsemax.sparsemax(x)
        return y, tf.gradients(y[:, 0], x)[0]

    return [np.round(x, 5) for x in run(build)]


def probe_framework_sums_and_shapes():
    def build():
        f = tf.contrib.framework
        x = tf.placeholder_with_default(np.ones([2, 3], np.float32), [None, 3])
        return f.reduce_sum_n([x, x * 2]), f.with_shape([2, 3], x), f.with_same_shape(x, x)

    return run(build)


def probe_framework_refuses_shapes():
    found = []
    for shape in ([2, 4], [3, 2]):
        try:
            run(lambda: tf.contrib.framework.with_shape(shape, tf.ones([2, 3])))  # noqa: B023
        except ValueError as error:
            found.append(type(error).__name__)
    try:
        run(
            lambda: tf.contrib.framework.with_shape(
                [3, 3], tf.placeholder_with_default(np.ones([2, 3]), [None, 3])
            )
        )
    except tf.errors.InvalidArgumentError as error:
        found.append(type(error).__name__)
    try:
        tf.contrib.framework.assert_scalar(tf.ones([2]))
    except ValueError as error:
        found.append(type(error).__name__)
    return found


def probe_framework_name_scope():
    with tf.Graph().as_default(), tf.name_scope("a"), tf.name_scope("b"):
        return tf.contrib.framework.get_name_scope()


def probe_framework_zeros():
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable([1.0, 2.0])
        sess.run(tf.contrib.framework.zero_initializer(v))
        return sess.run(v)


def probe_framework_deprecated():
    from tensorflow.contrib.framework import deprecated

    @deprecated("2017-01-01", "use another")
    def old(x):
        return x + 1

    return old(1)


def probe_predictor():
    folder = os.path.join(tempfile.mkdtemp(), "m")
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None])
        v = tf.Variable(3.0)
        sess.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(sess, folder, {"x": x}, {"y": x * v})
    predict = tf.contrib.predictor.from_saved_model(folder)
    try:
        predict({"z": [1.0]})
    except ValueError as error:
        return predict({"x": [1.0, 2.0]})["y"], sorted(predict.feed_tensors), type(error).__name__


def probe_hooks():
    from tensorflow.contrib.hooks import ProfilerHook

    hook = ProfilerHook(save_steps=100, output_dir=tempfile.mkdtemp())
    return isinstance(hook, tf.train.SessionRunHook)


def probe_autograph():
    def larger(x):
        if x > 0:
            y = x * 2
        else:
            y = -x
        return y

    return run(lambda: tf.contrib.autograph.to_graph(larger)(tf.constant(-3.0)))


def probe_jit_scope():
    def build():
        with tf.contrib.compiler.jit.experimental_jit_scope(compile_ops=False):
            return tf.constant(2.0) * 3.0

    return run(build)


def probe_recompute_grad():
    def build():
        square = tf.contrib.layers.recompute_grad(lambda x: x * x)
        x = tf.constant(3.0)
        y = square(x)
        return y, tf.gradients(y, x)[0]

    return run(build)


def probe_padded_batches():
    def build():
        data = tf.data.Dataset.from_tensor_slices([1, 2, 3]).map(lambda n: tf.fill([n], n))
        batches = data.apply(tf.contrib.data.padded_batch_and_drop_remainder(2, [None]))
        return batches.make_one_shot_iterator().get_next()

    return run(build)


def probe_ops_used():
    with tf.Graph().as_default() as graph:
        tf.identity(tf.constant(1.0))
        return sorted(tf.contrib.util.ops_used_by_graph_def(graph.as_graph_def()))


def probe_checkpoint_base():
    return callable(tf.contrib.checkpoint.CheckpointableBase)


def probe_compat_is_tensorflow_itself():
    import tensorflow.compat.v1 as v1
    from tensorflow.python.util.nest import is_sequence

    feed = tf.compat.v1.estimator.inputs.numpy_input_fn(
        {"x": np.ones([2, 1])}, batch_size=2, shuffle=False
    )
    v1.disable_eager_execution()
    with v1.Graph().as_default():
        x = v1.placeholder_with_default(3.0, [])
        with v1.Session() as sess:
            product = float(sess.run(tf.compat.v1.multiply(x, 2.0)))
    kinds = is_sequence([1]), is_sequence({"a": 1}), is_sequence(1)
    return product, callable(feed), kinds, hasattr(tf.compat, "as_bytes")


def probe_hparams_of_truths():
    found = tf.contrib.training.HParams(a=True, b=False, c=[True], n=1)
    found.parse("a=false,b=1,c=[False,true],n=3")
    return found.a, found.b, found.c, found.n


def probe_framework_smart_conditions():
    framework = tf.contrib.framework

    def build():
        tf.set_random_seed(1)
        kernel = framework.convolutional_orthogonal_2d(seed=2)([3, 3, 2, 2])
        norm = tf.norm(tf.reduce_sum(kernel, [0, 1]))
        labels, scores = framework.remove_squeezable_dimensions(tf.ones([2, 1]), tf.ones([2]))
        chosen = framework.smart_cond(True, lambda: tf.constant(1), lambda: tf.constant(2))
        case = framework.smart_case([(False, lambda: 3)], default=lambda: tf.constant(4))
        return chosen, case, tf.shape(labels), tf.shape(scores), norm

    spec = framework.TensorSpec([2], tf.float32)
    return run(build), framework.smart_constant_value(False), spec.shape.as_list()
