"""A TensorFlow or Keras program: its data, its gradients and updates."""

import importlib
import platform
import re
import sys

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.draws import patched
from dcgan_v1.migration.recordings.port_recorder.places import held_names
from dcgan_v1.migration.recordings.port_recorder.recorder import Refused
from dcgan_v1.migration.recordings.port_recorder.tensorflow_casts import TensorFlowCasts
from dcgan_v1.migration.recordings.port_recorder.tensorflow_data import TensorFlowData
from dcgan_v1.migration.recordings.port_recorder.tensorflow_draws import TensorFlowDraws, is_eager
from dcgan_v1.migration.recordings.port_recorder.tensorflow_functions import TensorFlowFunctions
from dcgan_v1.migration.recordings.port_recorder.tensorflow_layers import TensorFlowLayers
from dcgan_v1.migration.recordings.port_recorder.tensorflow_names import TensorFlowNames
from dcgan_v1.migration.recordings.port_recorder.tensorflow_optimizers import key_of

UPDATES = ("update_step", "_resource_apply_dense", "_resource_apply_sparse")


class TensorFlow:
    """TensorFlow 2 and Keras: models, variables and optimisers of a program.

    Args:
      recorder: is told of everything.
      dtype: 'float64' or 'float32'.
      sources: (name, text) of the program's files.
    """

    name = "tensorflow"

    def __init__(self, recorder, dtype, sources):
        import tensorflow as tf

        self.tf, self.recorder, self.dtype, self.sources = tf, recorder, dtype, sources
        self.kerases = kerases_of(tf, sources)
        for keras in self.kerases:
            name = keras.backend.backend() if hasattr(keras.backend, "backend") else self.name
            if name != self.name:
                raise Refused("Keras runs on %s here: set KERAS_BACKEND=tensorflow" % name)
        self.layer_classes = distinct([k.layers.Layer for k in self.kerases])
        self.optimizer_classes = distinct(
            [base for k in self.kerases for base in bases_of_optimizers(k)]
        )
        self.names = TensorFlowNames(tf, self.layer_classes, self.optimizer_classes)
        self.casts = TensorFlowCasts(tf, self.kerases, recorder)
        self.draws = TensorFlowDraws(tf, self.kerases, recorder)
        self.layers = TensorFlowLayers(tf, recorder, self.names.array)
        self.functions = TensorFlowFunctions(tf, recorder, self.layers)
        self.data = TensorFlowData(self)
        self.optimizers, self.trains = [], {}
        self.moving = None  # the optimiser whose update is under way
        self.gradients = []

    def install(self):
        """Has everything of TensorFlow's and Keras's that is noted pass here."""
        tf = self.tf
        self.casts.run_eagerly(self.sources)
        self.draws.install()
        if self.dtype == "float64":
            self.casts.raise_all()  # it must see the program's own calls
        self.layers.install(self.layer_classes)
        self.functions.install()
        for cls in self.optimizer_classes:
            patched(cls, "__init__", self._optimizing)
            name = "apply" if hasattr(cls, "apply") else "apply_gradients"
            patched(cls, name, self._applying)
        patched(tf.GradientTape, "__enter__", self._entering)
        patched(tf.GradientTape, "gradient", self._gradient)
        self.data.install(self.kerases)
        for keras in self.kerases:
            patched(keras.Model, "compile", self._compiling)
        tf.random.set_seed(0)

    def made_on(self):
        made_on = {"tensorflow": self.tf.__version__}
        for keras in self.kerases:
            made_on["keras"] = getattr(keras, "__version__", self.tf.__version__)
        made_on["python"] = platform.python_version()
        made_on["numpy"] = np.__version__
        made_on["machine"] = platform.machine()
        return made_on

    def name_everything(self):
        pairs = held_names(self.recorder.places.frames(), vars(sys.modules["__main__"]))
        self.names.name_everything(list(pairs), self.layers.roots, self.optimizers, self.trains)

    def start(self):
        return self.names.start(self.layers.first_values, self.layers.inference)

    def unseen(self):
        """Why there was no update."""
        if not self.tf.executing_eagerly():
            return "the program builds graphs of TF1: scripts/run_legacy.py records it"
        if self.optimizers:
            return "the program ended before any update of its optimiser"
        return (
            "the program ended and made no optimiser of Keras's; if it trains with PyTorch: "
            "--framework torch (of compare.py: --port-framework)"
        )

    # ---- updates ----

    def _optimizing(self, plain):
        def init(optimizer, *args, **kwargs):
            plain(optimizer, *args, **kwargs)
            if all(optimizer is not other for other in self.optimizers):
                self.optimizers.append(optimizer)
                self._watch(type(optimizer))

        return init

    def _compiling(self, plain):
        def compile(model, *args, **kwargs):
            before = list(self.optimizers)
            value = plain(model, *args, **kwargs)
            if not args and "optimizer" not in kwargs:  # its usual one, which nothing follows
                self.optimizers[:] = before
            return value

        return compile

    def _watch(self, cls):
        """Notes what the classes of an optimiser are told to follow, clipped as it is."""
        for base in cls.__mro__:
            for name in UPDATES:
                plain = vars(base).get(name)
                if plain is not None and not hasattr(plain, "is_watched"):
                    patched(base, name, self._updating)
                    vars(base)[name].is_watched = True

    def _updating(self, plain):
        def update(optimizer, gradient, variable, *args, **kwargs):
            is_known = any(key_of(variable) == key_of(v) for v, _ in self.gradients)
            if self.moving is optimizer and not is_known:
                if plain.__name__ == "_resource_apply_sparse":
                    indexed = self.tf.IndexedSlices(gradient, args[0], variable.shape)
                    array = self.tf.convert_to_tensor(indexed)
                else:
                    array = self.tf.convert_to_tensor(gradient)
                self.gradients.append((variable, self.names.array(array)))
            return plain(optimizer, gradient, variable, *args, **kwargs)

        return update

    def _applying(self, plain):
        recorder = self.recorder

        def apply(optimizer, *args, **kwargs):
            recorder.insist()
            if self.moving is not None or not recorder.sees():
                return plain(optimizer, *args, **kwargs)
            if not self.tf.executing_eagerly():
                raise Refused("an update runs in a graph: let its function run eagerly")
            recorder.begin_update(optimizer)
            if all(optimizer is not one for one in self.optimizers):
                self.optimizers.append(optimizer)
            variables, args = moved(optimizer, args, kwargs)
            weights = self.trains.setdefault(id(optimizer), [])
            for one in self.optimizers if self.dtype == "float64" else ():
                self.casts.exact_decimals(one)
            weights += [v for v in variables if all(key_of(v) != key_of(k) for k in weights)]
            settings = self.names.settings(optimizer)
            self.names.learn(self.trains)
            recorder.begin()
            self.moving, self.gradients = optimizer, []
            self.functions.is_backward = True
            try:
                value = plain(optimizer, *args, **kwargs)
            finally:
                self.moving, self.functions.is_backward = None, False
            recorder.follow(self.gradients, settings)
            recorder.end_update()
            return value

        return apply

    def _entering(self, plain):
        """Notes the arguments of the function that opens a tape: networks of bare variables are
        given theirs without a layer that could tell."""
        recorder = self.recorder

        def enter(tape):
            frames = recorder.places.frames() if recorder.sees() else []
            if frames:
                recorder.event()
            code = frames[0].f_code if frames else None
            for name in code.co_varnames[: code.co_argcount] if code else ():
                value = frames[0].f_locals.get(name)
                is_known = any(value is argument for argument in recorder.update.arguments)
                if (is_eager(value) or isinstance(value, np.ndarray)) and not (
                    is_known or self._is_variable(value)
                ):
                    recorder.item("argument", code.co_name, self.names.array(value), value)
                    recorder.update.arguments.append(value)
            return plain(tape)

        return enter

    def _gradient(self, plain):
        recorder = self.recorder

        def gradient(tape, *args, **kwargs):
            flatten = self.tf.nest.flatten
            target = flatten(args[0] if args else kwargs["target"])
            sources = flatten(args[1] if len(args) > 1 else kwargs["sources"])
            if recorder.sees() and any(self._is_variable(s) for s in sources):
                for one in target:
                    if is_eager(one) and np.size(self.names.array(one)) == 1:
                        recorder.loss(np.sum(self.names.array(one)), one)
            before, self.functions.is_backward = self.functions.is_backward, True
            try:
                return plain(tape, *args, **kwargs)
            finally:
                self.functions.is_backward = before

        return gradient

    def _is_variable(self, value):
        return isinstance(value, self.tf.Variable) or hasattr(value, "_value")


def kerases_of(tf, sources):
    """Every Keras that a program imports: TensorFlow's, and packages by their names."""
    text = "\n".join(text for _, text in sources)
    modules = []
    for name in ("keras", "tf_keras"):
        if re.search(r"^[\s\"]*(?:import|from)\s+%s\b" % name, text, re.M):
            modules.append(importlib.import_module(name))
    if not modules or re.search(r"\btf\.keras\b|tensorflow\.keras|tensorflow import", text):
        modules.append(tf.keras)
    return modules


def bases_of_optimizers(keras):
    """Classes of a Keras that all of its optimisers are derived from."""
    holders = [keras.optimizers, getattr(keras.optimizers, "legacy", None)]
    for holder in holders:
        base = getattr(holder, "Optimizer", None)
        if base is not None:
            classes = [cls for cls in base.__mro__ if "__init__" in vars(cls)]
            yield next((c for c in classes if c.__name__ == "BaseOptimizer"), base)


def distinct(classes):
    """Classes, each once."""
    return list({id(cls): cls for cls in classes}.values())


def moved(optimizer, args, kwargs):
    """Returns (the variables that an update moves, its arguments: iterators as lists).

    Args:
      optimizer: which is applied.
      args, kwargs: what its method was called with.
    """
    if hasattr(optimizer, "apply"):  # Keras 3: gradients, variables
        variables = args[1] if len(args) > 1 else kwargs.get("trainable_variables")
        if variables is None:
            variables = optimizer._trainable_variables
        return list(variables), args
    pairs = list(args[0] if args else kwargs.pop("grads_and_vars"))
    return [v for g, v in pairs if g is not None], (pairs,) + tuple(args[1:])
