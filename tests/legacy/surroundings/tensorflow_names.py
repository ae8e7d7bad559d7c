"""tf.estimator, checkpoint readers and inner paths of TensorFlow 1.15."""

import os
import tempfile

import numpy as np
import tensorflow as tf


def run(build, steps=0):
    """What a graph of its own gives: of (fetch, train op) after some steps, else of fetches."""
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        fetches = build()
        with tf.Session() as sess:
            sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            sess.run(tf.tables_initializer())
            for _ in range(steps):
                sess.run(fetches[1])
            return sess.run(fetches[0] if steps else fetches)


def model_fn(features, labels, mode, params=None):
    weights = tf.get_variable("w", [2, 1], initializer=tf.ones_initializer())
    y = tf.matmul(features["x"], weights)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": y})
    loss = tf.losses.mean_squared_error(labels, y)
    if mode == tf.estimator.ModeKeys.EVAL:
        mean = {"mean": tf.metrics.mean(y)}
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=mean)
    step = tf.train.get_global_step()
    rate = params["rate"] if params else 0.1
    train = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train)


DATA = {"x": np.arange(16, dtype=np.float32).reshape(8, 2) / 16}
LABELS = np.ones((8, 1), np.float32)


def numpy_input(**options):
    return tf.estimator.inputs.numpy_input_fn(DATA, LABELS, batch_size=4, shuffle=False, **options)


def probe_estimator_train():
    estimator = tf.estimator.Estimator(model_fn)
    estimator.train(numpy_input(num_epochs=None), steps=3)
    return estimator.get_variable_value("w"), int(estimator.get_variable_value("global_step"))


def probe_estimator_trains_on():
    folder = tempfile.mkdtemp()
    tf.estimator.Estimator(model_fn, folder).train(numpy_input(), steps=1)
    estimator = tf.estimator.Estimator(model_fn, model_dir=folder)
    estimator.train(numpy_input(num_epochs=None), max_steps=3)
    names = sorted(os.path.basename(n) for n in os.listdir(folder) if n.endswith(".index"))
    return estimator.get_variable_value("w"), names, estimator.get_variable_names()


def probe_estimator_evaluate():
    estimator = tf.estimator.Estimator(model_fn, params={"rate": 0.05})
    estimator.train(numpy_input(), steps=2)
    found = estimator.evaluate(numpy_input(num_epochs=1))
    return sorted((k, float(v)) for k, v in found.items())


def probe_estimator_predict():
    estimator = tf.estimator.Estimator(model_fn)
    estimator.train(numpy_input(), steps=1)
    feed = tf.estimator.inputs.numpy_input_fn({"x": DATA["x"]}, shuffle=False)
    return [float(each["y"][0]) for each in estimator.predict(feed)]


def probe_estimator_dataset():
    def feed():
        data = tf.data.Dataset.from_tensor_slices((DATA, LABELS))
        return data.repeat().batch(4)

    estimator = tf.estimator.Estimator(model_fn)
    estimator.train(feed, steps=2)
    return estimator.get_variable_value("w")


def probe_estimator_config():
    config = tf.estimator.RunConfig(
        save_checkpoints_steps=2, tf_random_seed=3, keep_checkpoint_max=1
    )
    folder = tempfile.mkdtemp()
    estimator = tf.estimator.Estimator(model_fn, folder, config)
    estimator.train(numpy_input(num_epochs=None), steps=4)
    return estimator.config.save_checkpoints_steps, os.path.basename(estimator.latest_checkpoint())


def probe_estimator_hooks():
    steps = []

    class Hook(tf.train.SessionRunHook):
        def before_run(self, context):
            return tf.train.SessionRunArgs(tf.train.get_global_step())

        def after_run(self, context, values):
            steps.append(int(values.results))

    tf.estimator.Estimator(model_fn).train(numpy_input(num_epochs=None), hooks=[Hook()], steps=2)
    return steps


def probe_train_and_evaluate():
    estimator = tf.estimator.Estimator(model_fn)
    train = tf.estimator.TrainSpec(numpy_input(num_epochs=None), max_steps=3)
    tf.estimator.train_and_evaluate(
        estimator, train, tf.estimator.EvalSpec(numpy_input(num_epochs=1))
    )
    return int(estimator.get_variable_value("global_step"))


def probe_estimator_ends_with_its_input():
    estimator = tf.estimator.Estimator(model_fn)
    estimator.train(numpy_input(num_epochs=2))
    return int(estimator.get_variable_value("global_step"))


def probe_numpy_input_shuffled():
    feed = tf.estimator.inputs.numpy_input_fn(
        DATA, LABELS, batch_size=8, num_epochs=1, shuffle=True
    )
    with tf.Graph().as_default():
        features, labels = feed()
        with tf.train.MonitoredSession() as sess:
            return sorted(sess.run(features["x"])[:, 0].tolist())


def saved():
    path = os.path.join(tempfile.mkdtemp(), "a.ckpt")
    with tf.Graph().as_default():
        tf.get_variable("v", initializer=tf.constant([1.0, 2.0]))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return tf.train.Saver().save(sess, path)


def probe_pywrap_reader():
    from tensorflow.python import pywrap_tensorflow

    reader = pywrap_tensorflow.NewCheckpointReader(saved())
    return reader.get_variable_to_shape_map()["v"], reader.get_tensor("v"), reader.has_tensor("v")


def probe_pywrap_at_top():
    return tf.pywrap_tensorflow.NewCheckpointReader(saved()).get_tensor("v")


def probe_train_reader():
    reader = tf.train.NewCheckpointReader(saved())
    return sorted(reader.get_variable_to_dtype_map()), reader.debug_string() != b""


def probe_framework_checkpoint():
    return tf.contrib.framework.load_variable(saved(), "v"), tf.contrib.framework.list_variables(
        saved()
    )[0][0]


def probe_print_tensors():
    from tensorflow.python.tools.inspect_checkpoint import print_tensors_in_checkpoint_file

    return print_tensors_in_checkpoint_file(saved(), None, False)


def probe_graph_util():
    from tensorflow.python.framework import graph_util

    with tf.Graph().as_default() as graph:
        v = tf.get_variable("v", initializer=tf.constant(2.0))
        tf.multiply(v, 3.0, name="out")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            found = graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["out"])
            return sorted({node.op for node in found.node})


def probe_inner_ops():
    from tensorflow.python.framework import ops
    from tensorflow.python.ops import array_ops, math_ops, nn_ops

    return run(lambda: math_ops.add(array_ops.ones([2]), ops.convert_to_tensor(1.0))), callable(
        nn_ops.conv2d
    )


def probe_register_gradient():
    from tensorflow.python.framework import ops

    @ops.RegisterGradient("ProbeGradient")
    def flip(op, grad):
        return [tf.negative(grad)]

    def build():
        x = tf.constant(2.0)
        with tf.get_default_graph().gradient_override_map({"Identity": "ProbeGradient"}):
            y = tf.identity(x)
        return tf.gradients(y, x)[0]

    return run(build)


def probe_inner_layers():
    from tensorflow.python.layers import base, core, convolutional

    return issubclass(core.Dense, base.Layer), callable(convolutional.conv2d)


def probe_inner_rnn():
    from tensorflow.python.ops import rnn_cell_impl
    from tensorflow.python.ops.rnn_cell import BasicLSTMCell

    return issubclass(rnn_cell_impl.GRUCell, rnn_cell_impl.RNNCell), BasicLSTMCell.__name__


def probe_inner_training():
    from tensorflow.python.training import moving_averages, optimizer
    from tensorflow.python.training.adam import AdamOptimizer

    return issubclass(AdamOptimizer, optimizer.Optimizer), callable(
        moving_averages.assign_moving_average
    )


def probe_inner_client():
    from tensorflow.python.client import device_lib, timeline

    return "CPU" in [x.device_type for x in device_lib.list_local_devices()], callable(
        timeline.Timeline
    )


def probe_inner_platform():
    from tensorflow.python.platform import gfile, tf_logging

    return gfile.Exists("/"), tf_logging.info("x")


def probe_inner_summary():
    from tensorflow.core.framework import summary_pb2
    from tensorflow.python.summary import summary_iterator

    return callable(summary_iterator.summary_iterator), summary_pb2.Summary().ByteSize()


def probe_inner_session():
    from tensorflow.python import debug as tf_debug

    return callable(tf_debug.LocalCLIDebugWrapperSession)


def probe_inner_keras():
    from tensorflow.python.keras import backend as K
    from tensorflow.python.keras.layers import Dense

    return callable(K.mean), Dense.__name__


def probe_inner_keras_of_contrib():
    from tensorflow.contrib.keras.api.keras.layers import Dense

    return Dense.__name__


def probe_resource_loader():
    from tensorflow.python.platform import flags, resource_loader

    return callable(resource_loader.get_path_to_datafile), hasattr(flags, "FLAGS")


def probe_inner_util():
    from tensorflow.python.util import nest
    from tensorflow.python.util.tf_export import tf_export

    return nest.flatten([1, [2]]), callable(tf_export)


def probe_inner_dtypes():
    from tensorflow.python.framework import constant_op, dtypes, tensor_shape, tensor_util

    return (
        dtypes.float32.name,
        tensor_shape.TensorShape([2]).as_list(),
        callable(tensor_util.constant_value),
        callable(constant_op.constant),
    )


def probe_dataset_iterators():
    def build():
        data = tf.data.Dataset.range(3).batch(3)
        return data.make_one_shot_iterator().get_next()

    return run(build), str(data_types())


def data_types():
    return tf.data.Dataset.range(3).output_types.name


def probe_dimension():
    return tf.zeros([2, 3]).get_shape()[1].value, int(tf.zeros([2, 3]).shape[0])


def probe_logging():
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf.logging.info("x"), tf.logging.ERROR


def probe_gfile():
    path = os.path.join(tempfile.mkdtemp(), "a")
    with tf.gfile.Open(path, "w") as file:
        file.write("words")
    with tf.gfile.FastGFile(path, "rb") as file:
        return len(file.read()), tf.gfile.Exists(path), tf.gfile.Stat(path).length


def probe_saved_model():
    path = os.path.join(tempfile.mkdtemp(), "m")

    def build():
        return tf.get_variable("v", initializer=tf.constant(2.0))

    with tf.Graph().as_default():
        v = build()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            builder = tf.saved_model.builder.SavedModelBuilder(path)
            builder.add_meta_graph_and_variables(sess, [tf.saved_model.tag_constants.SERVING])
            builder.save()
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.saved_model.loader.load(sess, [tf.saved_model.tag_constants.SERVING], path)
        return sess.run("v:0"), v.op.name


def probe_to_float():
    return run(lambda: [tf.to_float(1), tf.to_int32(2.5), tf.div(7, 2), tf.diag([1.0])])


def probe_reduction_names():
    return run(
        lambda: [
            tf.reduce_sum([[1.0, 2.0]], reduction_indices=1, keep_dims=True),
            tf.log(1.0),
            tf.argmax([1, 3], dimension=0),
        ]
    )


def probe_app_flags():
    return callable(tf.app.flags.DEFINE_string), callable(tf.flags.DEFINE_bool)


def probe_sparse_names():
    return run(lambda: tf.sparse_tensor_to_dense(tf.SparseTensor([[0]], [2.0], [2])))


def probe_random_crop():
    return run(lambda: tf.shape(tf.random_crop(tf.zeros([4, 4, 3]), [2, 2, 3]))), run(
        lambda: tf.shape(tf.image.resize_bilinear(tf.zeros([1, 2, 2, 1]), [4, 4]))
    )


def probe_map_fn():
    return run(
        lambda: [
            tf.map_fn(lambda x: x * 2, tf.constant([1.0, 2.0])),
            tf.scan(lambda a, x: a + x, tf.constant([1.0, 2.0])),
        ]
    )


def probe_string_ops():
    return run(lambda: tf.size(tf.string_split(["a b"]).values)), run(
        lambda: tf.string_to_number("2.5")
    )
