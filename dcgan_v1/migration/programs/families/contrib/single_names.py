"""Packages of tf.contrib of which programs use a name or two.

autograph, checkpoint, compiler, hooks, memory_stats, predictor, sparsemax, tpu."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.facade import Facade

SERVING = "serving_default"
NO_TPU = "nothing stands for it without a TPU"


def modules() -> dict[str, Facade]:
    """Returns name below tf.contrib -> facade."""
    trackable = importlib.import_module("tensorflow.python.trackable.base")
    structures = importlib.import_module("tensorflow.python.trackable.data_structures")
    auto = importlib.import_module("tensorflow.python.trackable.autotrackable")
    autograph = importlib.import_module("tensorflow.python.autograph.impl.api")
    jit = Facade(
        "tf.contrib.compiler.jit", (), {"experimental_jit_scope": tf.xla.experimental.jit_scope}
    )
    return {
        "autograph": Facade("tf.contrib.autograph", (tf.autograph, autograph)),
        "checkpoint": Facade(
            "tf.contrib.checkpoint",
            (structures, tf.train),
            {"CheckpointableBase": trackable.Trackable, "Checkpointable": auto.AutoTrackable},
        ),
        "compiler": Facade("tf.contrib.compiler", (), {"jit": jit}),
        "hooks": Facade("tf.contrib.hooks", (), {"ProfilerHook": tf.train.ProfilerHook}),
        "memory_stats": Facade(
            "tf.contrib.memory_stats",
            (),
            dict.fromkeys(("BytesInUse", "MaxBytesInUse", "BytesLimit"), _bytes),
            dict.fromkeys(("BytesInUse", "MaxBytesInUse", "BytesLimit"), "gives 0, uncounted"),
        ),
        "predictor": Facade("tf.contrib.predictor", (), {"from_saved_model": Predictor}),
        "sparsemax": Facade("tf.contrib.sparsemax", (), {"sparsemax": sparsemax}),
        "tpu": Facade("tf.contrib.tpu", (tf.tpu,), hints={"": NO_TPU}),
    }


def _bytes() -> tf.Tensor:
    return tf.constant(0, tf.int64)


def recompute_grad(fn: Callable[..., Any] | None = None, **_: Any) -> Callable[..., Any]:
    """A decorator: what is between input and output is computed once more for the gradients."""
    return tf.recompute_grad if fn is None else tf.recompute_grad(fn)


def sparsemax(logits: Any, name: str | None = None) -> tf.Tensor:
    """[N, k] -> [N, k], the nearest point whose numbers are no less than 0 and sum to 1."""
    with tf.name_scope(name, "sparsemax", [logits]):
        z = tf.convert_to_tensor(logits)
        falling = tf.sort(z, -1, "DESCENDING")
        total = tf.cumsum(falling, -1)
        k = tf.range(1, tf.cast(tf.shape(z)[-1], z.dtype) + 1, dtype=z.dtype)
        is_kept = 1 + k * falling > total
        count = tf.reduce_sum(tf.cast(is_kept, z.dtype), -1, keepdims=True)
        # of the kept, the largest; falling sorts them first. A mask of -inf is never kept
        kept = tf.where(is_kept, falling, tf.zeros_like(falling))
        threshold = (tf.reduce_sum(kept, -1, keepdims=True) - 1) / count
        return tf.maximum(tf.cast(0, z.dtype), z - threshold)


class Predictor:
    """A SavedModel in a session of its own, called with arrays by name.

    Args:
      export_dir: its folder.
      signature_def_key: of what is to be computed.
      signature_def: instead of a key.
      tags: of the graph, `serve` where None.
      graph: to load it into, a new one where None.
      config: of the session.

    Raises:
      ValueError: it has no such signature.
    """

    def __init__(
        self,
        export_dir: str,
        signature_def_key: str | None = None,
        signature_def: Any = None,
        input_names: Mapping[str, str] | None = None,
        output_names: Mapping[str, str] | None = None,
        tags: str | None = None,
        graph: tf.Graph | None = None,
        config: Any = None,
    ) -> None:
        self.graph = graph or tf.Graph()
        with self.graph.as_default():
            self.session = tf.Session(config=config)
            wanted = (tags or "serve").split(",")
            loaded = tf.saved_model.loader.load(self.session, wanted, export_dir)
        key = signature_def_key or SERVING
        if signature_def is None and input_names is None:
            if key not in loaded.signature_def:
                known = ", ".join(sorted(loaded.signature_def))
                raise ValueError(f"Got signature_def_key {key!r}. Available: {known}")
            signature_def = loaded.signature_def[key]
        inputs = input_names or {n: t.name for n, t in signature_def.inputs.items()}
        outputs = output_names or {n: t.name for n, t in signature_def.outputs.items()}
        get = self.graph.get_tensor_by_name
        self.feed_tensors = {name: get(tensor) for name, tensor in inputs.items()}
        self.fetch_tensors = {name: get(tensor) for name, tensor in outputs.items()}

    def __call__(self, input_dict: Mapping[str, Any]) -> dict[str, Any]:
        """Name -> array of what goes in, to the same of what comes out."""
        if unknown := set(input_dict) - set(self.feed_tensors):
            raise ValueError(f"Got unexpected keys in input_dict: {unknown}")
        feeds = {self.feed_tensors[name]: value for name, value in input_dict.items()}
        return dict(self.session.run(self.fetch_tensors, feeds))
