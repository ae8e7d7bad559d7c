"""What a TensorFlow or Keras program is given."""

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.draws import patched
from dcgan_v1.migration.recordings.port_recorder.tensorflow_draws import is_eager
from dcgan_v1.migration.recordings.port_recorder.torch_layers import flat

BESIDE = ("evaluate", "predict", "predict_on_batch", "test_on_batch")  # no part of a step


class TensorFlowData:
    """Notes batches.

    Args:
      side: the program, see `TensorFlow`.
    """

    def __init__(self, side):
        self.side, self.recorder = side, side.recorder

    def install(self, kerases):
        """Has batches pass here: of datasets, and what `train_on_batch` is given.

        Args:
          kerases: every Keras that the program uses.
        """
        from tensorflow.python.data.ops import iterator_ops

        patched(iterator_ops.OwnedIterator, "_next_internal", self._giving)
        for keras in kerases:
            patched(keras.Model, "train_on_batch", self._on_batch)
            for name in BESIDE:
                patched(keras.Model, name, self._beside)

    def _giving(self, plain):
        recorder, side = self.recorder, self.side

        def give(this):
            batch = plain(this)
            if not recorder.sees() or not side.tf.executing_eagerly():
                return batch
            if side.dtype == "float64":
                batch = side.tf.nest.map_structure(side.casts.raised, batch)
            for tensor in side.tf.nest.flatten(batch):
                if is_eager(tensor):
                    recorder.item("batch", "batch", side.names.array(tensor))
            if not recorder.kinds:
                side.layers.first_values.clear()  # what came before was no step
            return batch

        return give

    def _on_batch(self, plain):
        recorder = self.recorder

        def train_on_batch(model, *args, **kwargs):
            recorder.insist()
            if recorder.sees():
                for value in flat(list(args[:2]) + [kwargs[k] for k in ("x", "y") if k in kwargs]):
                    if isinstance(value, np.ndarray) or is_eager(value):
                        recorder.item(
                            "batch", "train_on_batch", self.side.names.array(value), value
                        )
            return plain(model, *args, **kwargs)

        return train_on_batch

    def _beside(self, plain):
        recorder = self.recorder

        def call(model, *args, **kwargs):
            before, recorder.is_muted = recorder.is_muted, recorder.is_here()
            busy, recorder.is_busy = recorder.is_busy, recorder.is_here()
            try:
                return plain(model, *args, **kwargs)
            finally:
                recorder.is_muted, recorder.is_busy = before, busy

        return call
