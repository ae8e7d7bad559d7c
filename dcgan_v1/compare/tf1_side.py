"""The TF1 side of a comparison: the system's own graph, with its inside looked at."""

import contextlib

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import models, ops, runtime, schedules

LAYERS = ("linear", "conv2d", "conv2d_transpose", "resize_conv2d", "batch_norm")
FOLLOWERS = {
    "leaky_relu": "lrelu",
    "dropout": "dropout",
}  # named after the layer before


class Tf1Side:
    """See `worker` for what a side does."""

    def __init__(self, config, dtype, threads):
        self.config, self.model = config, models.get(config.model)
        tf.set_random_seed(config.seed)
        options, _ = runtime.session_config("cpu")
        options.intra_op_parallelism_threads = threads
        self.session = tf.Session(config=options)
        shape = [None, *self.model.IMAGE_SHAPE]
        self.feeds = {"real": tf.placeholder(dtype, shape, "real")}
        for name in self.model.STREAMS:
            self.feeds[name] = tf.placeholder(dtype, [None, self.model.Z_DIM], name)
        for name, shape in self.model.MASKS.items():
            self.feeds[name] = tf.placeholder(tf.bool, [None, *shape], name)
        self.applies = []  # (optimiser, gradients, variables), in order
        with self._recording_applies():
            self.step = self.model.training_step(config, **self.feeds)
        self.forwards = self._build_forwards()
        self.variables = {v.op.name: v for v in tf.global_variables()}
        g_vars, self.d_vars = models.variables(tf.trainable_variables(), config.model)
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
        for mode, taps in self.forwards.items():
            values = self.session.run(taps, self._feed(batch))
            found |= {f"{mode}/{name}": value for name, value in values.items()}
        return found

    def first_step(self, batch):
        """Returns (scalars, {'0/d_adam/<variable>': gradient, ...})."""
        gradients = {
            f"{i}/{adam.get_name()}/{v.op.name}": g
            for i, (adam, gs, vs) in enumerate(self.applies)
            for g, v in zip(gs, vs, strict=True)
        }
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
        for adam, *_ in self.applies:
            if adam.get_name() != "g_adam":
                feed[adam._lr] = 0.0  # any tensor can be fed: D's update does nothing
        late = {
            f"{i}/{adam.get_name()}/{v.op.name}": g
            for i, (adam, gs, vs) in enumerate(self.applies)
            for g, v in zip(gs, vs, strict=True)
            if i
        }
        late, _ = self.session.run((late, self.step.d_and_g_op), feed)
        self.load(start)
        return {f"leak/{k}": v for k, v in leak.items()} | {
            f"late/{k}": v for k, v in late.items()
        }

    # ---- how it looks inside ----

    def _feed(self, batch):
        return {self.feeds[name]: batch[name] for name in self.feeds}

    @contextlib.contextmanager
    def _recording_applies(self):
        plain = schedules.apply

        def recorded(optimizer, gradients, variables):
            self.applies.append((optimizer, gradients, variables))
            return plain(optimizer, gradients, variables)

        schedules.apply = recorded
        yield
        schedules.apply = plain

    def _build_forwards(self):
        """Builds both networks, in training and in inference, with taps on layers."""
        generator, discriminator = self.model.networks(self.config)
        self.latent = self.model.STREAMS[-1]
        z, real = self.feeds[self.latent], self.feeds["real"]
        keep = [self.feeds[name] for name in self.model.MASKS if "keep_real" in name]
        dropped = {"keep": keep} if keep else {}
        self.settings, forwards = {}, {}
        for mode, is_training in (("training", True), ("inference", False)):
            taps = {}
            with self._recording_layers(taps, "generator"):
                taps["generator/images"], _ = generator(z, is_training)
            options = dropped if is_training else {}
            with self._recording_layers(taps, "discriminator"):
                logits, _ = discriminator(real, is_training, **options)
            taps["discriminator/logits"] = logits
            forwards[mode] = taps
        by_batch = self.config.sample_bn == "batch"
        self.sampled = forwards["training" if by_batch else "inference"][
            "generator/images"
        ]
        return forwards

    @contextlib.contextmanager
    def _recording_layers(self, taps, net):
        """Puts the output of every layer function of `ops` into `taps`."""
        plain = {name: getattr(ops, name) for name in (*LAYERS, *FOLLOWERS)}
        last = [""]

        def record(function):
            def recorded(*args, **kwargs):
                y = plain[function](*args, **kwargs)
                if function in FOLLOWERS:
                    number = last[0].lstrip("abcdefghijklmnopqrstuvwxyz")
                    layer = f"{FOLLOWERS[function]}{number}"
                    key = "slope" if function == "leaky_relu" else "rate"
                    self.settings[f"{net}/{layer}"] = {key: args[-1]}
                else:
                    layer = last[0] = next(a for a in args if isinstance(a, str))
                    if function == "batch_norm":
                        self.settings[f"{net}/{layer}"] = {
                            "decay": kwargs["decay"],
                            "epsilon": kwargs["epsilon"],
                            "unbiased variance": kwargs.get("unbiased", False),
                        }
                # an op of its own: grappler fuses a bias with what follows it
                tap = tf.identity(y[0] if function == "batch_norm" else y)
                taps[f"{net}/{layer}"] = tap
                return y

            return recorded

        for name in plain:
            setattr(ops, name, record(name))
        yield
        for name, function in plain.items():
            setattr(ops, name, function)

    def _adam_settings(self):
        found = {}
        for adam, _, _ in self.applies:
            names = ("_lr", "_beta1", "_beta2", "_epsilon")
            values = self.session.run([getattr(adam, name) for name in names])
            found[adam.get_name()] = {
                key: float(f"{value:.6g}")
                for key, value in zip(
                    ("learning rate", "beta1", "beta2", "epsilon"), values, strict=True
                )
            }
        return found
