"""Packages of tf.contrib that TensorFlow has elsewhere today.

eager, lookup, signal, summary, stateless, staging, distribute, deprecated, tensorboard, nn."""

import importlib
import types
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families import old_names

SELU_AT_MINUS_INFINITY = -1.7580993408473766


def modules() -> dict[str, Facade]:
    """Returns name below tf.contrib -> facade."""
    makers = (_eager, _lookup, _signal, _stateless, _staging, _summary, _distribute, _deprecated)
    found = [make() for make in (*makers, _tensorboard, _nn, _tfprof)]
    return {facade.__name__.rpartition(".")[2]: facade for facade in found}


def _flipped(name: str) -> Callable[..., tf.Tensor]:
    """A cross entropy as it was before 1.0: (logits, labels)."""
    plain = getattr(tf.nn, name)

    def function(logits: Any, labels: Any, name: str | None = None, **options: Any) -> tf.Tensor:
        return plain(labels=labels, logits=logits, name=name, **options)

    return function


CROSS_ENTROPIES = (
    "sigmoid_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits",
)


def _nn() -> Facade:
    names: dict[str, Any] = {f"deprecated_flipped_{n}": _flipped(n) for n in CROSS_ENTROPIES}
    return Facade("tf.contrib.nn", (tf.nn,), {**names, "alpha_dropout": alpha_dropout})


def alpha_dropout(
    x: Any, keep_prob: Any, noise_shape: Any = None, seed: int | None = None, name: Any = None
) -> tf.Tensor:
    """Dropout that keeps the mean and variance of what SELUs give."""
    with tf.name_scope(name, "alpha_dropout", [x]):
        x, low = tf.convert_to_tensor(x), SELU_AT_MINUS_INFINITY
        if isinstance(keep_prob, float | int) and keep_prob == 1:
            return x
        keep = tf.convert_to_tensor(keep_prob, x.dtype)
        shape = tf.shape(x) if noise_shape is None else noise_shape
        draws = tf.random_uniform(shape, seed=seed, dtype=x.dtype)
        is_kept = tf.cast(tf.floor(draws + keep), x.dtype)
        a = tf.rsqrt(keep + low**2 * keep * (1 - keep))
        return a * (x * is_kept + low * (1 - is_kept)) - a * low * (1 - keep)


def _eager() -> Facade:
    def variable(*arguments: Any, **options: Any) -> tf.Variable:
        return tf.Variable(*arguments, use_resource=True, **options)

    def num_gpus() -> int:
        return len(tf.config.list_physical_devices("GPU"))

    names = {
        "Variable": variable,
        "num_gpus": num_gpus,
        "defun": tf.function,
        "py_func": tf.py_function,
        "in_eager_mode": tf.executing_eagerly,
        "Saver": tf.train.Saver,
        "Checkpoint": tf.train.Checkpoint,
        "list_devices": tf.config.list_logical_devices,
    }
    return Facade("tf.contrib.eager", (tf,), names)


def _lookup() -> Facade:
    lookup_ops = importlib.import_module("tensorflow.python.ops.lookup_ops")

    def index_table_from_tensor(mapping: Any, *arguments: Any, **options: Any) -> Any:
        return lookup_ops.index_table_from_tensor(mapping, *arguments, **options)

    def index_to_string_table_from_tensor(mapping: Any, *arguments: Any, **options: Any) -> Any:
        return lookup_ops.index_to_string_table_from_tensor(mapping, *arguments, **options)

    def string_to_index(
        tensor: Any, mapping: Any, default_value: int = -1, name: Any = None
    ) -> Any:
        table = index_table_from_tensor(mapping, default_value=default_value)
        return table.lookup(tensor, name)

    def mutable_hash_table(
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        name: str = "MutableHashTable",
        **_: Any,
    ) -> Any:
        return lookup_ops.MutableHashTable(key_dtype, value_dtype, default_value, name)

    names = {
        "HashTable": lookup_ops.StaticHashTableV1,
        "MutableHashTable": mutable_hash_table,
        "MutableDenseHashTable": lookup_ops.DenseHashTable,
        "index_table_from_tensor": index_table_from_tensor,
        "index_to_string_table_from_tensor": index_to_string_table_from_tensor,
        "string_to_index_table_from_tensor": index_table_from_tensor,
        "string_to_index_table_from_file": lookup_ops.index_table_from_file,
        "string_to_index": string_to_index,
    }
    return Facade("tf.contrib.lookup", (lookup_ops, tf.lookup), names)


def _signal() -> Facade:
    return Facade("tf.contrib.signal", (tf.signal,))


def _stateless() -> Facade:
    random = tf.random
    names = {
        "stateless_random_uniform": random.stateless_uniform,
        "stateless_random_normal": random.stateless_normal,
        "stateless_truncated_normal": random.stateless_truncated_normal,
        "stateless_multinomial": random.stateless_multinomial,
    }
    return Facade("tf.contrib.stateless", (), names)


def _staging() -> Facade:
    data_flow_ops = importlib.import_module("tensorflow.python.ops.data_flow_ops")
    return Facade("tf.contrib.staging", (), {"StagingArea": data_flow_ops.StagingArea})


def _summary() -> Facade:
    summary_ops = importlib.import_module("tensorflow.python.ops.summary_ops_v2")
    names = {
        "all_summary_ops": summary_ops.all_v2_summary_ops,
        "create_file_writer": summary_ops.create_file_writer,
        "create_summary_file_writer": summary_ops.create_file_writer,
    }
    return Facade("tf.contrib.summary", (summary_ops,), names)


def _distribute() -> Facade:
    def mirrored(devices: Any = None, num_gpus: int | None = None, **_: Any) -> Any:
        if devices is None and num_gpus:
            devices = [f"/gpu:{i}" for i in range(num_gpus)]
        return tf.distribute.MirroredStrategy(devices)

    names = {
        "MirroredStrategy": mirrored,
        "get_distribution_strategy": tf.distribute.get_strategy,
        "has_distribution_strategy": tf.distribute.has_strategy,
        "DistributionStrategy": tf.distribute.Strategy,
    }
    return Facade("tf.contrib.distribute", (tf.distribute,), names)


def _deprecated() -> Facade:
    names = ("audio", "histogram", "image", "scalar")
    summaries = {f"{name}_summary": old_names.TOP[f"{name}_summary"] for name in names}
    merged = {n: old_names.TOP[n] for n in ("merge_summary", "merge_all_summaries")}
    return Facade("tf.contrib.deprecated", (), {**summaries, **merged})


def _tfprof() -> Facade:
    """Tables of a graph's parameters, which programs printed at their start."""
    options = tf.profiler.ProfileOptionBuilder

    def print_model_analysis(
        graph: Any,
        run_meta: Any = None,
        op_log: Any = None,
        tfprof_cmd: str = "scope",
        tfprof_options: Any = None,
    ) -> Any:
        chosen = tfprof_options or options.trainable_variables_parameter()
        return tf.profiler.profile(graph, run_meta, op_log, tfprof_cmd, chosen)

    names = {
        "print_model_analysis": print_model_analysis,
        "TRAINABLE_VARS_PARAMS_STAT_OPTIONS": options.trainable_variables_parameter(),
        "FLOAT_OPS_OPTIONS": options.float_operation(),
    }
    analyzer = Facade("tf.contrib.tfprof.model_analyzer", (), names)
    return Facade("tf.contrib.tfprof", (), {"model_analyzer": analyzer})


def _tensorboard() -> Facade:
    plugin = importlib.import_module("tensorboard.plugins.projector")

    def visualize_embeddings(summary_writer: Any, config: Any) -> None:
        """The first was a writer, and is a folder."""
        get_folder = getattr(summary_writer, "get_logdir", lambda: summary_writer)
        plugin.visualize_embeddings(get_folder(), config)

    names = types.SimpleNamespace(visualize_embeddings=visualize_embeddings)
    projector = Facade("tf.contrib.tensorboard.plugins.projector", (names, plugin))
    plugins = Facade("tf.contrib.tensorboard.plugins", (), {"projector": projector})
    return Facade("tf.contrib.tensorboard", (), {"plugins": plugins})
