"""tf.contrib of TensorFlow 1.15: what networks and their training used of its corners."""

import collections
import os
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow_names import run


def one(optimizer, steps=3):
    """A weight after some steps down a slope that is no constant."""

    def build():
        w = tf.get_variable("w", initializer=tf.constant([1.0, -2.0]))
        return w, optimizer().minimize(tf.reduce_sum(w * w * [1.0, 0.5]), var_list=[w])

    return run(build, steps)


def probe_eager():
    import tensorflow.contrib.eager as tfe

    return callable(tfe.GradientTape), tfe.executing_eagerly(), tfe.num_gpus() >= 0


def probe_eager_variable():
    return run(lambda: tf.contrib.eager.Variable(2.0, name="v") * 2)


def probe_lookup():
    lookup = tf.contrib.lookup

    def build():
        table = lookup.index_table_from_tensor(tf.constant(["a", "b"]), num_oov_buckets=1)
        back = lookup.index_to_string_table_from_tensor(tf.constant(["a", "b"]), default_value="?")
        return table.lookup(tf.constant(["b", "z"])), tf.equal(
            back.lookup(tf.constant([1], tf.int64)), ["b"]
        )

    return run(build)


def probe_lookup_hash_table():
    lookup = tf.contrib.lookup

    def build():
        keys = lookup.KeyValueTensorInitializer(["a"], [7], tf.string, tf.int64)
        return lookup.HashTable(keys, -1).lookup(tf.constant(["a", "b"]))

    return run(build)


def probe_lookup_file():
    path = os.path.join(tempfile.mkdtemp(), "words")
    with open(path, "w") as file:
        file.write("a\nb\n")
    return run(lambda: tf.contrib.lookup.index_table_from_file(path).lookup(tf.constant(["b"])))


def probe_signal():
    x = tf.constant(np.sin(np.arange(16)), tf.float32)
    return run(
        lambda: tf.abs(
            tf.contrib.signal.stft(tf.constant(np.sin(np.arange(16)), tf.float32), 8, 4)[0]
        )
    ), x.dtype.name


def probe_signal_frame():
    return run(lambda: tf.contrib.signal.frame(tf.range(6), 4, 2)), run(
        lambda: tf.contrib.signal.hann_window(4)
    )


def probe_signal_mel():
    return run(
        lambda: tf.reduce_sum(tf.contrib.signal.linear_to_mel_weight_matrix(8, 9, 8000))
    ), run(lambda: tf.contrib.signal.overlap_and_add(tf.ones([2, 4]), 2))


def probe_stateless():
    return run(lambda: tf.contrib.stateless.stateless_random_uniform([2], seed=[1, 2])), run(
        lambda: tf.contrib.stateless.stateless_random_normal([2], seed=[1, 2])
    )


def probe_opt_adamax():
    return one(lambda: tf.contrib.opt.AdaMaxOptimizer(0.1))


def probe_opt_nadam():
    return one(lambda: tf.contrib.opt.NadamOptimizer(0.1))


def probe_opt_lazy_adam():
    return one(lambda: tf.contrib.opt.LazyAdamOptimizer(0.1))


def probe_opt_adamw():
    return one(lambda: tf.contrib.opt.AdamWOptimizer(0.01, 0.1))


def probe_opt_momentumw():
    return one(lambda: tf.contrib.opt.MomentumWOptimizer(0.01, 0.1, 0.9))


def probe_opt_decoupled():
    kind = tf.contrib.opt.extend_with_decoupled_weight_decay(tf.train.GradientDescentOptimizer)
    return one(lambda: kind(weight_decay=0.01, learning_rate=0.1))


def probe_opt_moving_average():
    return one(lambda: tf.contrib.opt.MovingAverageOptimizer(tf.train.AdamOptimizer(0.1), 0.9))


def probe_opt_moving_average_saver():
    with tf.Graph().as_default():
        tf.get_variable("w", initializer=tf.constant([1.0]))
        optimizer = tf.contrib.opt.MovingAverageOptimizer(tf.train.GradientDescentOptimizer(0.1))
        w = tf.trainable_variables()[0]
        step = optimizer.minimize(tf.reduce_sum(w))
        saver = optimizer.swapping_saver()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(step)
            path = saver.save(sess, os.path.join(tempfile.mkdtemp(), "a"))
        return tf.train.load_variable(path, "w")


def probe_opt_power_sign():
    return one(lambda: tf.contrib.opt.PowerSignOptimizer(0.1)), one(
        lambda: tf.contrib.opt.AddSignOptimizer(0.1)
    )


def probe_opt_clipping():
    return one(
        lambda: tf.contrib.opt.VariableClippingOptimizer(
            tf.train.GradientDescentOptimizer(0.1), {tf.trainable_variables()[0]: [0]}, 1.0
        )
    )


def probe_opt_lars():
    return one(lambda: tf.contrib.opt.LARSOptimizer(0.1))


def probe_opt_clip_by_global_norm():
    def build():
        w = tf.get_variable("w", initializer=tf.constant([3.0, 4.0]))
        return tf.contrib.opt.clip_gradients_by_global_norm([(w, w)], 1.0)[0][0]

    return run(build)


def probe_opt_scipy():
    with tf.Graph().as_default():
        w = tf.get_variable("w", initializer=tf.constant([1.0, -2.0]))
        optimizer = tf.contrib.opt.ScipyOptimizerInterface(
            tf.reduce_sum((w - 3.0) ** 2), options={"maxiter": 20}
        )
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            optimizer.minimize(sess)
            return np.round(sess.run(w), 3)


def probe_seq2seq_loss():
    def build():
        logits = tf.constant(np.arange(12).reshape(1, 4, 3) / 10.0, tf.float32)
        return tf.contrib.seq2seq.sequence_loss(
            logits, tf.constant([[0, 1, 2, 0]]), tf.ones([1, 4])
        )

    return run(build)


def probe_seq2seq_small():
    seq2seq = tf.contrib.seq2seq
    return run(
        lambda: [
            seq2seq.hardmax([[1.0, 3.0]]),
            seq2seq.tile_batch(tf.constant([[1], [2]]), 2),
            seq2seq.safe_cumprod([2.0, 3.0]),
        ]
    )


def decoded(helper_of, cell_of=None, steps=3):
    seq2seq = tf.contrib.seq2seq

    def build():
        with tf.variable_scope("d", initializer=tf.constant_initializer(0.1)):
            cell = tf.nn.rnn_cell.GRUCell(2)
            cell = cell_of(cell) if cell_of else cell
            decoder = seq2seq.BasicDecoder(
                cell,
                helper_of(seq2seq),
                cell.zero_state(1, tf.float32),
                tf.layers.Dense(3, use_bias=False),
            )
            outputs, _, lengths = seq2seq.dynamic_decode(decoder, maximum_iterations=steps)
        return outputs.rnn_output, outputs.sample_id, lengths

    return run(build)


def probe_seq2seq_training():
    x = np.arange(6).reshape(1, 3, 2) / 6.0
    return decoded(lambda s: s.TrainingHelper(tf.constant(x, tf.float32), [3]))


def probe_seq2seq_greedy():
    table = np.arange(6).reshape(3, 2) / 6.0
    return decoded(
        lambda s: s.GreedyEmbeddingHelper(tf.constant(table, tf.float32), tf.constant([1]), 0)
    )


def probe_seq2seq_attention():
    x = np.arange(6).reshape(1, 3, 2) / 6.0

    def attend(cell):
        memory = tf.constant(x, tf.float32)
        mechanism = tf.contrib.seq2seq.BahdanauAttention(2, memory)
        return tf.contrib.seq2seq.AttentionWrapper(cell, mechanism, attention_layer_size=2)

    return decoded(lambda s: s.TrainingHelper(tf.constant(x, tf.float32), [3]), attend)


def probe_legacy_seq2seq_loss():
    def build():
        logits = [tf.constant([[1.0, 2.0]]), tf.constant([[0.5, 0.1]])]
        targets, weights = [tf.constant([1]), tf.constant([0])], [tf.ones([1])] * 2
        return tf.contrib.legacy_seq2seq.sequence_loss_by_example(
            logits, targets, weights
        ), tf.contrib.legacy_seq2seq.sequence_loss(logits, targets, weights)

    return run(build)


def probe_legacy_seq2seq_decoder():
    def build():
        with tf.variable_scope("d", initializer=tf.constant_initializer(0.1)):
            cell = tf.nn.rnn_cell.BasicRNNCell(2)
            inputs = [tf.ones([1, 2])] * 2
            outputs, _ = tf.contrib.legacy_seq2seq.rnn_decoder(
                inputs, cell.zero_state(1, tf.float32), cell
            )
        return outputs

    return run(build)


def probe_staging():
    def build():
        area = tf.contrib.staging.StagingArea([tf.float32], shapes=[[2]])
        with tf.control_dependencies([area.put([tf.constant([1.0, 2.0])])]):
            return area.get()

    return run(build)


def probe_distribute():
    strategy = tf.contrib.distribute.OneDeviceStrategy("/cpu:0")
    return (
        strategy.num_replicas_in_sync,
        callable(tf.contrib.distribute.MirroredStrategy),
        tf.contrib.distribute.has_strategy(),
    )


def probe_factorization():
    return tf.contrib.factorization.KMEANS_PLUS_PLUS_INIT, callable(tf.contrib.factorization.KMeans)


def probe_metrics():
    metrics = tf.contrib.metrics

    def build():
        value, update = metrics.streaming_accuracy(tf.constant([1, 0, 1]), tf.constant([1, 1, 1]))
        mean, more = metrics.streaming_mean(tf.constant([1.0, 2.0]))
        return update, more

    return run(build)


def probe_metrics_more():
    metrics = tf.contrib.metrics

    def build():
        names, updates = metrics.aggregate_metric_map(
            {"auc": metrics.streaming_auc(tf.constant([0.1, 0.9]), tf.constant([False, True]))}
        )
        return (
            updates["auc"],
            metrics.confusion_matrix([0, 1], [0, 1]),
            metrics.set_size(tf.SparseTensor([[0, 0]], [1], [1, 1])),
        )

    return run(build)


def probe_metrics_f1():
    return run(
        lambda: tf.contrib.metrics.f1_score(tf.constant([1.0, 0.0]), tf.constant([0.9, 0.2]))[1]
    )


def probe_tensorboard():
    from tensorflow.contrib.tensorboard.plugins import projector

    folder = tempfile.mkdtemp()
    config = projector.ProjectorConfig()
    config.embeddings.add().tensor_name = "e"
    with tf.Graph().as_default():
        projector.visualize_embeddings(tf.summary.FileWriter(folder), config)
    with open(os.path.join(folder, "projector_config.pbtxt")) as file:
        return "tensor_name" in file.read()


def probe_deprecated():
    return run(lambda: tf.size(tf.contrib.deprecated.scalar_summary("a", 1.0)))


def probe_mixed_precision():
    kinds = tf.contrib.mixed_precision
    return one(
        lambda: kinds.LossScaleOptimizer(
            tf.train.GradientDescentOptimizer(0.1), kinds.FixedLossScaleManager(128)
        )
    )


def probe_summary():
    folder = tempfile.mkdtemp()
    with tf.Graph().as_default():
        step = tf.train.create_global_step()
        writer = tf.contrib.summary.create_file_writer(folder, flush_millis=1)
        with writer.as_default(), tf.contrib.summary.always_record_summaries():
            tf.contrib.summary.scalar("loss", 2.5, step=step)
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                tf.contrib.summary.initialize(graph=tf.get_default_graph(), session=sess)
                sess.run(tf.contrib.summary.all_summary_ops())
                sess.run(tf.contrib.summary.flush())
    found = [os.path.join(folder, name) for name in os.listdir(folder)]
    return sorted(
        v.tag for f in found for e in tf.train.summary_iterator(f) for v in e.summary.value
    )


def probe_summary_every_n():
    folder = tempfile.mkdtemp()
    with tf.Graph().as_default():
        step = tf.train.create_global_step()
        writer = tf.contrib.summary.create_summary_file_writer(folder)
        with writer.as_default(), tf.contrib.summary.record_summaries_every_n_global_steps(2):
            tf.contrib.summary.scalar("loss", 2.5)
            more = tf.assign_add(step, 1)
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                sess.run(tf.contrib.summary.summary_writer_initializer_op())
                for _ in range(4):
                    sess.run(tf.contrib.summary.all_summary_ops())
                    sess.run(more)
                sess.run(tf.contrib.summary.flush())
    found = [os.path.join(folder, name) for name in os.listdir(folder)]
    return [e.step for f in found for e in tf.train.summary_iterator(f) for v in e.summary.value]


def probe_rnn_cells():
    rnn = tf.contrib.rnn

    def build():
        with tf.variable_scope("c", initializer=tf.constant_initializer(0.1)):
            x = tf.constant([[1.0, 2.0]])
            cells = [
                rnn.LSTMCell(2),
                rnn.GRUCell(2),
                rnn.BasicLSTMCell(2),
                rnn.MultiRNNCell([rnn.GRUCell(2)]),
            ]
            return [
                c(x, c.zero_state(1, tf.float32), scope="s%d" % i)[0] for i, c in enumerate(cells)
            ]

    return run(build)


def probe_rnn_norm_cell():
    def build():
        with tf.variable_scope("c", initializer=tf.constant_initializer(0.1)):
            x = tf.constant([[1.0, 2.0]])
            cells = [tf.contrib.rnn.LayerNormBasicLSTMCell(2), tf.contrib.rnn.BasicLSTMCell(2)]
            return [c(x, c.zero_state(1, tf.float32))[0] for c in cells]

    return run(build)


def probe_rnn_conv_cell():
    def build():
        with tf.variable_scope("c", initializer=tf.constant_initializer(0.1)):
            cell = tf.contrib.rnn.ConvLSTMCell(2, [4, 4, 1], 2, [3, 3])
            return tf.reduce_sum(cell(tf.ones([1, 4, 4, 1]), cell.zero_state(1, tf.float32))[0])

    return run(build)


def probe_rnn_static():
    def build():
        with tf.variable_scope("c", initializer=tf.constant_initializer(0.1)):
            x = [tf.constant([[1.0]])] * 2
            outputs, _ = tf.contrib.rnn.static_rnn(
                tf.contrib.rnn.BasicRNNCell(2), x, dtype=tf.float32
            )
        return outputs

    return run(build)


def probe_crf():
    def build():
        logits = tf.constant(np.arange(6).reshape(1, 3, 2) / 6.0, tf.float32)
        likelihood, _ = tf.contrib.crf.crf_log_likelihood(
            logits, tf.constant([[0, 1, 0]]), tf.constant([3]), tf.zeros([2, 2])
        )
        return likelihood, tf.contrib.crf.crf_decode(logits, tf.zeros([2, 2]), tf.constant([3]))

    return run(build)


def probe_inner_layers():
    from tensorflow.contrib.framework.python.ops import arg_scope, variables
    from tensorflow.contrib.layers.python.layers import initializers, layers, utils

    return (
        callable(layers.conv2d),
        callable(utils.smart_cond),
        callable(arg_scope),
        callable(variables.model_variable),
        callable(initializers.xavier_initializer),
    )


def probe_inner_more():
    from tensorflow.contrib.framework.python.ops import add_arg_scope
    from tensorflow.contrib.learn.python.learn.datasets.mnist import read_data_sets
    from tensorflow.contrib.rnn.python.ops import core_rnn_cell
    from tensorflow.contrib.slim.python.slim.nets import vgg
    from tensorflow.contrib.tensorboard.plugins import projector

    return (
        callable(add_arg_scope),
        callable(read_data_sets),
        callable(
            core_rnn_cell._linear if hasattr(core_rnn_cell, "_linear") else core_rnn_cell.LSTMCell
        ),
        callable(vgg.vgg_16),
        projector is not None,
    )


def probe_inner_seq2seq():
    from tensorflow.contrib.seq2seq.python.ops import attention_wrapper, helper

    return callable(attention_wrapper.AttentionWrapper), callable(helper.TrainingHelper)


def probe_distributions():
    return run(
        lambda: [
            tf.contrib.distributions.Normal(0.0, 1.0).log_prob(0.0),
            tf.distributions.Bernoulli(probs=0.5).entropy(),
        ]
    )


def probe_data():
    data = tf.contrib.data

    def build():
        made = (
            tf.data.Dataset.range(4)
            .apply(data.shuffle_and_repeat(4, 1, seed=1))
            .apply(data.map_and_batch(lambda x: x * 2, 4))
        )
        return tf.reduce_sum(made.make_one_shot_iterator().get_next())

    return run(build)


def probe_training():
    sizes = tf.contrib.training.HParams(size=3, rate=0.5, kinds=[1, 2])
    sizes.parse("size=4,kinds=[3,4]")
    return sizes.size, sizes.rate, sizes.kinds, "size" in sizes


def probe_quantize():
    return callable(tf.contrib.quantize.create_training_graph), callable(
        tf.contrib.graph_editor.copy
    )


def probe_rnn_norm_cell_of_gains():
    def build():
        first = tf.random_normal_initializer(seed=3)
        with tf.variable_scope("r", initializer=first):
            cell = tf.contrib.rnn.LayerNormBasicLSTMCell(4, norm_gain=0.5, norm_shift=0.1)
            x = tf.reshape(tf.range(6.0), [1, 2, 3])
            return tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[0]

    return np.round(run(build), 4)


def probe_rnn_block_cell():
    def build():
        with tf.variable_scope("r", initializer=tf.ones_initializer()):
            cell = tf.contrib.rnn.LSTMBlockCell(2)
            y = tf.nn.dynamic_rnn(cell, tf.ones([1, 2, 3]), dtype=tf.float32)[0]
        names.extend(v.name for v in tf.global_variables())
        return y

    names = []
    return run(build), sorted(names)


def probe_diagonal_normal():
    ds = tf.contrib.distributions

    def build():
        q = ds.MultivariateNormalDiag(tf.constant([[1.0, 2.0]]), tf.constant([[0.5, 2.0]]))
        p = ds.MultivariateNormalDiag(tf.zeros([1, 2]), tf.ones([1, 2]))
        late = ds.MultivariateNormalDiagWithSoftplusScale(tf.zeros([2]), tf.zeros([2]))
        of_q = [q.log_prob([[0.0, 0.0]]), q.entropy(), q.stddev(), q.covariance()]
        return [*of_q, ds.kl_divergence(q, p), late.stddev()]

    return run(build)


def probe_flipped_cross_entropies():
    nn = tf.contrib.nn
    return run(
        lambda: [
            nn.deprecated_flipped_softmax_cross_entropy_with_logits([1.0, 2.0], [0.0, 1.0]),
            nn.deprecated_flipped_sigmoid_cross_entropy_with_logits(1.0, 0.0),
            nn.deprecated_flipped_sparse_softmax_cross_entropy_with_logits([1.0, 2.0], 1),
        ]
    )


def probe_learn_modes():
    return tf.contrib.learn.ModeKeys.TRAIN, tf.contrib.learn.ModeKeys.INFER


def probe_inner_training():
    from tensorflow.python.estimator import estimator
    from tensorflow.python.keras.utils import conv_utils
    from tensorflow.python.training import training_ops

    return (
        callable(training_ops.apply_adam),
        callable(conv_utils.deconv_output_length),
        estimator.Estimator.__name__,
    )


def probe_alpha_dropout():
    def build():
        tf.set_random_seed(1)
        dropped = tf.contrib.nn.alpha_dropout(tf.zeros([1000]), 0.5, seed=2)
        return dropped, tf.contrib.nn.alpha_dropout(tf.ones([2]), 1.0)

    dropped, kept = run(build)
    return sorted(set(np.round(dropped, 4).tolist())), kept


def probe_tfprof():
    analyzer = tf.contrib.tfprof.model_analyzer
    tf.get_variable("counted_w", [2, 3])
    options = dict(analyzer.TRAINABLE_VARS_PARAMS_STAT_OPTIONS, output="none")
    found = analyzer.print_model_analysis(tf.get_default_graph(), tfprof_options=options)
    return found.total_parameters >= 6


def probe_inner_paths_of_every_package():
    from tensorflow.contrib.losses.python.losses import loss_ops
    from tensorflow.contrib.metrics.python.ops import metric_ops
    from tensorflow.contrib.training.python.training.hparam import HParams

    return callable(loss_ops.log_loss), callable(metric_ops.streaming_mean), HParams(a=1).to_json()


def probe_graph_replace():
    def build():
        x = tf.placeholder_with_default(2.0, [])
        y = tf.sin(x * 3.0) + x
        other = tf.constant(0.5)
        z = tf.contrib.graph_editor.graph_replace({"a": y, "b": [x * 4.0]}, {x: other})
        return z["a"], z["b"][0], tf.gradients(z["a"], other)[0], y

    return run(build)


def probe_graph_replace_of_updates():
    """A step's new values by variables' reads, as unrolled GANs have them."""

    def build():
        w = tf.get_variable("w", initializer=2.0, use_resource=False)
        b = tf.get_variable("b", initializer=1.0, use_resource=False)
        loss = w * w * b
        slopes = tf.gradients(loss, [w, b])
        updates = collections.OrderedDict((v.value(), v - 0.1 * g) for v, g in zip([w, b], slopes))
        twice = tf.contrib.graph_editor.graph_replace(updates, updates)
        later = tf.contrib.graph_editor.graph_replace(loss, twice)
        return list(twice.values()), later, tf.gradients(later, w)[0]

    return run(build)


def probe_mixture():
    def build():
        d = tf.contrib.distributions
        two = [d.Normal(0.0, 1.0), d.Normal(3.0, 0.5)]
        both = d.Mixture(d.Categorical(probs=[0.25, 0.75]), two)
        axes = [d.MultivariateNormalDiag([0.0, i], [1.0, 1.0]) for i in (1.0, 2.0)]
        drawn = d.Mixture(d.Categorical([0.0, 0.0]), axes).sample(5)
        return both.log_prob(1.0), both.mean(), tf.shape(drawn)

    return run(build)


def probe_one_hot_categories():
    def build():
        d = tf.contrib.distributions
        hard = d.OneHotCategorical(logits=[[0.0, 1.0], [1.0, 1.0]])
        soft = d.RelaxedOneHotCategorical(0.5, logits=[[0.0, 1.0], [1.0, 1.0]]).sample()
        drawn = hard.sample(3)
        return hard.log_prob([[1.0, 0.0], [0.0, 1.0]]), tf.shape(drawn), tf.reduce_sum(soft, 1)

    return run(build)
