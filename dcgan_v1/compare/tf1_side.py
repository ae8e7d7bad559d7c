"""The TF1 side of a comparison: the system's own graph, with its inside looked at."""

import re

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import models, runtime, systems
from dcgan_v1.nn import schedules, taps

FOLLOWERS = {
    "leaky_relu": "lrelu",
    "dropout": "dropout",
}  # numbered as what they follow


class Tf1Side:
    """See `worker` for what a side does."""

    def __init__(self, config, dtype, threads):
        self.config, self.model = config, models.get(config.model)
        self.system = systems.get(config.model)
        tf.set_random_seed(config.seed)
        options, _ = runtime.session_config("cpu")
        options.intra_op_parallelism_threads = threads
        self.session = tf.Session(config=options)
        shape = [None, *self.system.image_shape]
        self.feeds = {"real": tf.placeholder(dtype, shape, "real")}
        for name in self.system.streams:
            self.feeds[name] = tf.placeholder(dtype, [None, self.system.z_dim], name)
        for name, shape in self.system.masks.items():
            self.feeds[name] = tf.placeholder(tf.bool, [None, *shape], name)
        networks = self.model.networks(config)
        self.step = self.model.training_step(config, *networks, **self.feeds)
        self.updates = tf.get_collection(taps.UPDATES)  # in order
        self.forwards = self._build_forwards()
        self.variables = {v.op.name: v for v in tf.global_variables()}
        g_vars, _ = schedules.variables_of(tf.trainable_variables(), config.model)
        # what G's gradient gains where D's loss on fakes is not cut off from G
        leak = tf.gradients(self.step.scalars["d_loss_fake"], g_vars)
        self.leak = {v.op.name: g for v, g in zip(g_vars, leak, strict=True)}
        self.session.run(tf.global_variables_initializer())
        self._loaders = {
            name: (tf.placeholder(v.dtype.base_dtype, v.shape), v)
            for name, v in self.variables.items()
        }
        self._load_ops = {
            name: tf.assign(v, ph) for name, (ph, v) in self._loaders.items()
        }
        tf.get_default_graph().finalize()

    # ---- what a side does ----

    def describe(self):
        initial = self.session.run(list(self.variables.values()))
        return {
            "framework": f"TensorFlow {tf.version.VERSION}, tf.compat.v1",
            "onednn": runtime.onednn_is_on(),
            "settings": self.settings | self._adam_settings(),
            "variables": {
                name: {
                    "shape": v.shape.as_list(),
                    "dtype": v.dtype.base_dtype.name,
                    "trainable": v in tf.trainable_variables(),
                }
                for name, v in self.variables.items()
            },
            "initial_std": {
                name: float(np.std(value))
                for name, value in zip(self.variables, initial, strict=True)
                if name.endswith(("/w", "gamma"))
            },
        }

    def state(self):
        return self.session.run(self.variables)

    def load(self, arrays):
        """Sets variables; other names (the global step) are passed over."""
        for name in self.variables.keys() & arrays.keys():
            placeholder, _ = self._loaders[name]
            self.session.run(self._load_ops[name], {placeholder: arrays[name]})

    def forward(self, batch):
        found = {}
        for mode, outputs in self.forwards.items():
            values = self.session.run(outputs, self._feed(batch))
            found |= {f"{mode}/{name}": value for name, value in values.items()}
        return found

    def first_step(self, batch):
        """Returns (scalars, {'0/d_adam/<variable>': gradient, ...})."""
        gradients = self._gradients()
        fetches = (self.step.scalars, gradients, self.step.d_and_g_op)
        scalars, gradients, _ = self.session.run(fetches, self._feed(batch))
        return scalars, gradients

    def train_step(self, batch):
        fetches = (self.step.scalars, self.step.d_and_g_op)
        return self.session.run(fetches, self._feed(batch))[0]

    def samples(self, z):
        return self.session.run(self.sampled, {self.feeds[self.latent]: z})

    def hypotheses(self, batch):
        """What gradients would be under two well-known mistakes, at the same start.

        Returns:
          'leak/<variable>': what D's loss on fakes adds to G's gradient where nothing
          cuts it off; 'late/<i>/<optimiser>/<variable>': the gradients of all updates
          after D's first where D's weights are not yet updated.
        """
        start = self.state()
        leak = self.session.run(self.leak, self._feed(batch))
        self.load(start)
        feed = self._feed(batch)
        for update in self.updates:  # any tensor can be fed: D's update does nothing
            if update.optimizer.get_name() != "g_adam":
                feed[update.optimizer.settings["learning_rate"]] = 0.0
        late = {k: g for k, g in self._gradients().items() if not k.startswith("0/")}
        late, _ = self.session.run((late, self.step.d_and_g_op), feed)
        self.load(start)
        return {f"leak/{k}": v for k, v in leak.items()} | {
            f"late/{k}": v for k, v in late.items()
        }

    # ---- how it looks inside ----

    def _feed(self, batch):
        return {self.feeds[name]: batch[name] for name in self.feeds}

    def _gradients(self):
        """'<number>/<optimiser>/<variable>' -> gradient, of every update of a step."""
        return {
            f"{i}/{update.optimizer.get_name()}/{v.op.name}": g
            for i, update in enumerate(self.updates)
            for g, v in zip(update.gradients, update.variables, strict=True)
        }

    def _build_forwards(self):
        """Builds both networks, in training and in inference, with taps on layers."""
        generator, discriminator = self.model.networks(self.config)
        self.latent = self.system.streams[-1]
        z, real = self.feeds[self.latent], self.feeds["real"]
        keep = [self.feeds[name] for name in self.system.masks if "keep_real" in name]
        dropped = {"keep": keep} if keep else {}
        self.settings, forwards = {}, {}
        for mode, is_training in (("training", True), ("inference", False)):
            before = len(tf.get_collection(taps.LAYERS))
            images, _ = generator(z, is_training)
            between = len(tf.get_collection(taps.LAYERS))
            options = dropped if is_training else {}
            logits, _ = discriminator(real, is_training, **options)
            layers = tf.get_collection(taps.LAYERS)
            forwards[mode] = {
                **self._named(layers[before:between]),
                "generator/images": images,
                **self._named(layers[between:]),
                "discriminator/logits": logits,
            }
        by_batch = self.config.sample_bn == "batch"
        mode = "training" if by_batch else "inference"
        self.sampled = forwards[mode]["generator/images"]
        return forwards

    def _named(self, layers):
        """'<network>/<layer>' -> output; keeps what settings the layers have."""
        found, number = {}, ""
        for layer in layers:
            name = layer.scope.removeprefix(f"{self.config.model}/")
            if layer.kind in FOLLOWERS:  # it has no scope of its own
                name = f"{name}/{FOLLOWERS[layer.kind]}{number}"
            else:
                number = re.search(r"\d*$", name)[0]
            if layer.settings:
                self.settings[name] = layer.settings
            # an op of its own: grappler fuses a bias with what follows it
            found[name] = tf.identity(layer.y)
        return found

    def _adam_settings(self):
        """Optimiser -> its settings, as the graph has them."""
        found = {}
        for adam in dict.fromkeys(update.optimizer for update in self.updates):
            values = self.session.run(adam.settings)
            found[adam.get_name()] = {
                name.replace("_", " "): float(f"{value:.6g}")
                for name, value in values.items()
            }
        return found
