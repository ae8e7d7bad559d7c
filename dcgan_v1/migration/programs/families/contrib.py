"""tf.contrib as far as programs that train networks use it: layers, slim, framework and
training by tf_slim, the rest by what 1.x's own names became."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families import contrib_image, mnist_tutorial, slim

ELSEWHERE = {
    "tf.contrib": {
        "gan": "TF-GAN carries it, as the package tensorflow_gan",
        "tpu": "nothing stands for it without a TPU",
        "bayesflow": "TensorFlow Probability carries it",
        "kfac": "the package kfac carries it",
    },
    "tf.contrib.distributions": {"": "TensorFlow Probability carries it"},
}
SEQ2SEQ = {"": "seq2seq.py of the TensorFlow 1.15 sources stands alone"}


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


class HParams:
    """Settings as attributes: `HParams(size=3).size`."""

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def add_hparam(self, name: str, value: Any) -> None:
        if hasattr(self, name):
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        setattr(self, name, type(getattr(self, name))(value))

    def values(self) -> dict[str, Any]:
        return dict(vars(self))

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self, key, default)

    def __contains__(self, name: str) -> bool:
        return name in vars(self)

    def override_from_dict(self, values: Mapping[str, Any]) -> HParams:
        for name, value in values.items():
            self.set_hparam(name, value)
        return self

    def parse(self, text: str) -> HParams:
        """'size=3,rate=0.1'."""
        pairs = (word.split("=", 1) for word in text.split(",") if word)
        return self.override_from_dict({n.strip(): v.strip() for n, v in pairs})


def _prefetch_to_device(device: str, buffer_size: int | None = None) -> Callable[[Any], Any]:
    del device
    return lambda dataset: dataset.prefetch(buffer_size or 1)


def _batch_and_drop_remainder(batch_size: int) -> Callable[[Any], Any]:
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def _all_sum(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    total = tf.add_n(tensors)
    return [total] * len(tensors)


def _is_tensor(x: Any) -> bool:
    return isinstance(x, tf.Tensor | tf.SparseTensor | tf.Variable)


def _get_or_create_global_step(graph: tf.Graph | None = None) -> tf.Variable:
    return tf.train.get_or_create_global_step(graph)


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

    layer_modules = (layers, initializers, regularizers, normalization, optimizers, summaries)
    of_layers = Facade(
        "tf.contrib.layers",
        layer_modules,
        {
            "summaries": Facade("tf.contrib.layers.summaries", (summaries,)),
            "embed_sequence": embed_sequence,
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
                        "arg_scope": package.arg_scope_lib,
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
    return Facade(
        "tf.contrib",
        (),
        {
            "layers": of_layers,
            "framework": framework,
            "slim": of_slim,
            "rnn": Facade("tf.contrib.rnn", (tf.nn.rnn_cell, tf.nn)),
            "training": Facade(
                "tf.contrib.training", (package.training, tf.train), {"HParams": HParams}
            ),
            "legacy_seq2seq": Facade("tf.contrib.legacy_seq2seq", hints=SEQ2SEQ),
            # not tf.losses and tf.metrics: contrib took (predictions, labels)
            "losses": Facade("tf.contrib.losses", (package.losses,)),
            "metrics": Facade("tf.contrib.metrics", (package.metrics,), {"accuracy": _accuracy}),
            "data": Facade(
                "tf.contrib.data",
                (tf.data.experimental, tf.data),
                {
                    "prefetch_to_device": _prefetch_to_device,
                    "batch_and_drop_remainder": _batch_and_drop_remainder,
                },
            ),
            "nccl": Facade("tf.contrib.nccl", (), {"all_sum": _all_sum}),
            "distributions": Facade(
                "tf.contrib.distributions",
                (tf.distributions,),
                hints=ELSEWHERE["tf.contrib.distributions"],
            ),
            "learn": Facade("tf.contrib.learn", (), {"datasets": mnist_tutorial.datasets_module()}),
            "image": Facade("tf.contrib.image", (), contrib_image.NAMES),
            "keras": tf.keras,
            "nn": Facade("tf.contrib.nn", (tf.nn,)),
            "lookup": Facade("tf.contrib.lookup", (tf.lookup,)),
            "util": Facade(
                "tf.contrib.util",
                (),
                {
                    "make_tensor_proto": tf.make_tensor_proto,
                    "make_ndarray": tf.make_ndarray,
                    "constant_value": tf.get_static_value,
                },
            ),
        },
        hints=ELSEWHERE["tf.contrib"],
    )
