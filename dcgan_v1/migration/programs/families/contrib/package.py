"""The package tf.contrib: which module supplies each part of it.

layers, slim, framework and training by tf_slim, the rest by what 1.x's own names became."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.framework import meta_graph

from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families import estimator_records, inner_paths, mnist_tutorial
from dcgan_v1.migration.programs.families.contrib import (
    cells,
    compound_distributions,
    conv_cells,
    distributions,
    graph_editor,
    image,
    mixtures,
    renamed_packages,
    scalar_distributions,
    sequences,
    single_names,
    slim,
    training,
    warps,
    wrapping_cells,
)
from dcgan_v1.migration.programs.families.contrib import framework as framework_functions
from dcgan_v1.migration.programs.families.contrib import optimizers as more_optimizers

ELSEWHERE = {
    "tf.contrib": {
        "gan": "TF-GAN carries it, as the package tensorflow_gan",
        "bayesflow": "TensorFlow Probability carries it",
        "kfac": "the package kfac carries it",
    },
    "tf.contrib.distributions": {"": "TensorFlow Probability carries it"},
}
SETS = ("size", "union", "intersection", "difference")


def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: bool | None = None,
) -> tf.Tensor:
    """[N, T] ids -> [N, T, embed_dim]; the variable is <scope>/embeddings."""
    del unique  # saved time where words repeat
    with tf.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse, regularizer=regularizer):
        shape = None if vocab_size is None else [vocab_size, embed_dim]
        embeddings = tf.get_variable(
            "embeddings", shape, initializer=initializer, trainable=trainable
        )
        return tf.nn.embedding_lookup(embeddings, tf.convert_to_tensor(ids))


def _accuracy(
    predictions: tf.Tensor, labels: tf.Tensor, weights: Any = None, name: str | None = None
) -> tf.Tensor:
    """Of one batch: a scalar, where `tf.metrics.accuracy` counts on."""
    with tf.name_scope(name, "accuracy"):
        right = tf.cast(tf.equal(predictions, tf.cast(labels, predictions.dtype)), tf.float32)
        if weights is None:
            return tf.reduce_mean(right)
        weights = tf.cast(weights, tf.float32) * tf.ones_like(right)
        return tf.reduce_sum(right * weights) / tf.reduce_sum(weights)


def _prefetch_to_device(device: str, buffer_size: int | None = None) -> Callable[[Any], Any]:
    del device
    return lambda dataset: dataset.prefetch(buffer_size or 1)


def _batch_and_drop_remainder(batch_size: int) -> Callable[[Any], Any]:
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def _padded_batch_and_drop_remainder(
    batch_size: int, padded_shapes: Any, padding_values: Any = None
) -> Callable[[Any], Any]:
    return lambda dataset: dataset.padded_batch(
        batch_size, padded_shapes, padding_values, drop_remainder=True
    )


def _sloppy_interleave(
    map_func: Callable[..., Any], cycle_length: int, block_length: int = 1
) -> Callable[[Any], Any]:
    return tf.data.experimental.parallel_interleave(
        map_func, cycle_length, block_length, sloppy=True
    )


def _all_sum(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    total = tf.add_n(tensors)
    return [total] * len(tensors)


class _ArgScope(Facade):
    """A function, and the module that it is in."""

    def __init__(self, function: Callable[..., Any], module: Any) -> None:
        super().__init__("tf.contrib.framework.python.ops.arg_scope", (module,))
        self._function = function

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._function(*arguments, **options)


def _is_tensor(x: Any) -> bool:
    return isinstance(x, tf.Tensor | tf.SparseTensor | tf.Variable)


def _get_or_create_global_step(graph: tf.Graph | None = None) -> tf.Variable:
    return tf.train.get_or_create_global_step(graph)


def _cells() -> dict[str, Any]:
    kinds = (cells, conv_cells, wrapping_cells)
    return {name: cell for kind in kinds for name, cell in kind.names().items()}


def modules() -> Facade:
    """Returns the facade of tf.contrib."""
    package = slim.load()
    from tf_slim import nets
    from tf_slim.layers import (
        initializers,
        layers,
        normalization,
        optimizers,
        regularizers,
        summaries,
        utils,
    )
    from tf_slim.training import evaluation

    layer_modules = (layers, initializers, regularizers, normalization, optimizers, summaries)
    of_layers = Facade(
        "tf.contrib.layers",
        layer_modules,
        {
            "summaries": Facade("tf.contrib.layers.summaries", (summaries,)),
            "embed_sequence": embed_sequence,
            "recompute_grad": single_names.recompute_grad,
        },
    )
    inner = Facade(
        "tf.contrib.layers.python.layers",
        (of_layers,),
        {
            "layers": of_layers,
            "initializers": initializers,
            "utils": utils,
            "normalization": normalization,
            "regularizers": regularizers,
            "optimizers": optimizers,
        },
    )
    of_layers.supply("python", Facade("tf.contrib.layers.python", (), {"layers": inner}))
    framework = Facade(
        "tf.contrib.framework",
        (package, tf.train),
        {
            "arg_scope": package.arg_scope,
            "add_arg_scope": package.add_arg_scope,
            "nest": tf.nest,
            "is_tensor": _is_tensor,
            "get_or_create_global_step": _get_or_create_global_step,
            "sort": tf.sort,
            "argsort": tf.argsort,
            **framework_functions.NAMES,
        },
    )
    framework.supply(
        "python",
        Facade(
            "tf.contrib.framework.python",
            (),
            {
                "ops": Facade(
                    "tf.contrib.framework.python.ops",
                    (framework,),
                    {
                        "add_arg_scope": package.add_arg_scope,
                        "variables": framework,
                        "arg_scope": _ArgScope(package.arg_scope, package.arg_scope_lib),
                    },
                )
            },
        ),
    )
    of_slim = Facade(
        "tf.contrib.slim",
        (package, *layer_modules, tf.train),
        {
            "losses": Facade("tf.contrib.slim.losses", (package.losses, tf.losses)),
            "learning": package.learning,
            "evaluation": package.evaluation,
            "model_analyzer": package.model_analyzer,
            "metrics": package.metrics,
            "layers": of_layers,
            "arg_scope": package.arg_scope,
            "variables": framework,
            "queues": package.queues,
            "nets": nets,
        },
    )
    of_slim.supply("slim", of_slim)
    parts = {
        "layers": of_layers,
        "framework": framework,
        "slim": of_slim,
        "rnn": Facade("tf.contrib.rnn", (tf.nn.rnn_cell, tf.nn), _cells()),
        "training": Facade(
            "tf.contrib.training",
            (package.training, evaluation, tf.train),
            {"HParams": training.HParams},
        ),
        # not tf.losses and tf.metrics: contrib took (predictions, labels)
        "losses": Facade("tf.contrib.losses", (package.losses,)),
        "metrics": Facade(
            "tf.contrib.metrics",
            (package.metrics,),
            {
                "accuracy": _accuracy,
                "confusion_matrix": tf.confusion_matrix,
                **{f"set_{name}": getattr(tf.sets, name) for name in SETS},
            },
        ),
        "data": Facade(
            "tf.contrib.data",
            (tf.data.experimental, tf.data),
            {
                "prefetch_to_device": _prefetch_to_device,
                "batch_and_drop_remainder": _batch_and_drop_remainder,
                "sloppy_interleave": _sloppy_interleave,
                "padded_batch_and_drop_remainder": _padded_batch_and_drop_remainder,
            },
        ),
        "graph_editor": graph_editor.module(),
        "nccl": Facade("tf.contrib.nccl", (), {"all_sum": _all_sum}),
        "distributions": Facade(
            "tf.contrib.distributions",
            (tf.distributions,),
            distributions.NAMES
            | mixtures.NAMES
            | scalar_distributions.NAMES
            | compound_distributions.NAMES,
            hints=ELSEWHERE["tf.contrib.distributions"],
        ),
        "learn": Facade(
            "tf.contrib.learn",
            (),
            {
                "datasets": mnist_tutorial.datasets_module(),
                "ModeKeys": training.ModeKeys,
                "RunConfig": estimator_records.RunConfig,
            },
        ),
        "image": Facade(
            "tf.contrib.image", (), {**image.NAMES, "dense_image_warp": warps.dense_image_warp}
        ),
        "resampler": Facade("tf.contrib.resampler", (), {"resampler": warps.resampler}),
        "keras": Facade("tf.contrib.keras", (tf.keras,), {"keras": tf.keras}),
        **renamed_packages.modules(),
        **more_optimizers.modules(),
        **sequences.modules(),
        **single_names.modules(),
        "util": Facade(
            "tf.contrib.util",
            (),
            {
                "make_tensor_proto": tf.make_tensor_proto,
                "make_ndarray": tf.make_ndarray,
                "constant_value": tf.get_static_value,
                "ops_used_by_graph_def": meta_graph.ops_used_by_graph_def,
                "stripped_op_list_for_graph": meta_graph.stripped_op_list_for_graph,
            },
        ),
    }
    for part in parts.values():
        inner_paths.package(part)
    return Facade("tf.contrib", (), parts, hints=ELSEWHERE["tf.contrib"])
