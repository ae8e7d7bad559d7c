"""The TF2 or Keras side of a comparison."""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from dcgan_v1 import ports
from dcgan_v1.ports import keras_weights

# inference first: a pass in training moves the averages
MODES = (("inference", False), ("training", True))


class KerasSide:
    """See `worker` for what a side does."""

    def __init__(self, config, dtype, threads, against):
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
        keras.config.set_floatx(dtype)
        keras.utils.set_random_seed(config.seed)
        self.config, self.against = config, against
        width = {"width": config.width} if hasattr(config, "width") else {}
        self.gan = ports.get(config.model, against).Gan(**width)
        for optimizer in self.gan.optimizers.values():
            # Keras casts a Python float to float32 first, also on its way to float64
            optimizer.beta_1 = np.float64(optimizer.beta_1)
            optimizer.beta_2 = np.float64(optimizer.beta_2)
        self.shapes = None  # of TF1's variables, known from what is loaded

    def describe(self):
        return {
            "framework": f"TensorFlow {tf.version.VERSION}, Keras {keras.__version__}",
            "settings": self._settings(),
            "variables": {
                name: {"shape": list(v.shape), "trainable": v.trainable}
                for name, v in self._variables().items()
            },
            "initial_std": self._initial_std(),
        }

    def load(self, arrays):
        self.shapes = {name: array.shape for name, array in arrays.items()}
        keras_weights.load(self.gan, self.config.model, arrays)

    def state(self):
        return keras_weights.state(self.gan, self.config.model, self.shapes)

    def forward(self, batch):
        found = {}
        z = batch[[name for name in batch if name.startswith("z")][-1]]
        keep = [batch[name] for name in sorted(batch) if name.startswith("keep_real")]
        for mode, training in MODES:
            taps = {}
            with _recording(self.gan.generator, taps):
                taps["generator/images"] = self.gan.generator(z, training=training)
            for number, mask in enumerate(keep, 1):
                self.gan.discriminator.get_layer(f"dropout{number}").feed(mask)
            with _recording(self.gan.discriminator, taps):
                logits = self.gan.discriminator(batch["real"], training=training)
            taps["discriminator/logits"] = logits
            found |= {f"{mode}/{name}": np.asarray(y) for name, y in taps.items()}
        return found

    def first_step(self, batch):
        """Returns (scalars, {'0/d_adam/<variable>': gradient, ...}), run eagerly."""
        names = {id(v): name for name, v in self._variables().items()}
        gradients, count = {}, 0
        plain = {}
        for adam, optimizer in self.gan.optimizers.items():
            plain[adam] = optimizer.apply_gradients

            def recorded(pairs, *args, adam=adam, **kwargs):
                nonlocal count
                pairs = list(pairs)
                for gradient, variable in pairs:
                    key = f"{count}/{adam}/{names[id(variable)]}"
                    gradients[key] = np.asarray(gradient)
                count += 1
                return plain[adam](pairs, *args, **kwargs)

            optimizer.apply_gradients = recorded
        tf.config.run_functions_eagerly(True)
        try:
            scalars = self.train_step(batch)
        finally:
            tf.config.run_functions_eagerly(False)
            for adam, optimizer in self.gan.optimizers.items():
                optimizer.apply_gradients = plain[adam]
        return scalars, gradients

    def train_step(self, batch):
        if self.against == "tf2":
            batch = {name: tf.constant(value) for name, value in batch.items()}
        scalars = self.gan.train_step(**batch)
        return {name: np.asarray(value)[()] for name, value in scalars.items()}

    def samples(self, z):
        by_batch = self.config.sample_bn == "batch"
        return np.asarray(self.gan.generator(z, training=by_batch))

    def _settings(self):
        found = {}
        for net in ("generator", "discriminator"):
            for layer in getattr(self.gan, net).layers:
                name = f"{net}/{layer.name}"
                if hasattr(layer, "negative_slope"):
                    if layer.name.startswith("lrelu"):
                        found[name] = {"slope": float(layer.negative_slope)}
                elif hasattr(layer, "momentum"):
                    found[name] = {
                        "decay": layer.momentum,
                        "epsilon": layer.epsilon,
                        "unbiased variance": getattr(layer, "unbiased", False),
                    }
                elif hasattr(layer, "rate"):
                    found[name] = {"rate": layer.rate}
        for adam, optimizer in self.gan.optimizers.items():
            found[adam] = {
                "learning rate": float(f"{float(optimizer.learning_rate):.6g}"),
                "beta1": optimizer.beta_1,
                "beta2": optimizer.beta_2,
                "epsilon": optimizer.epsilon,
            }
        return found

    def _initial_std(self):
        return {
            name: float(np.std(np.asarray(variable)))
            for name, variable in self._variables().items()
            if name.endswith(("/w", "gamma"))
        }

    def _variables(self):
        return keras_weights.tf1_names(self.gan, self.config.model)


@contextlib.contextmanager
def _recording(network, taps):
    """Puts the output of every layer of a network that has a TF1 name into `taps`."""
    names = {
        id(layer): f"{network.name}/{layer.name}"
        for layer in network.layers
        if layer.name[-1].isdigit() and "_" not in layer.name
    }
    plain = keras.layers.Layer.__call__

    def recorded(self, *args, **kwargs):
        y = plain(self, *args, **kwargs)
        if id(self) in names:
            taps[names[id(self)]] = y
        return y

    keras.layers.Layer.__call__ = recorded
    try:
        yield
    finally:
        keras.layers.Layer.__call__ = plain
