"""TensorFlow and Keras in float64, run eagerly and on the CPU, whatever a program asks for."""

import sys

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.draws import patched
from dcgan_v1.migration.recordings.port_recorder.exact_elus import spell_elus_out

ROUNDED = ("beta_1", "beta_2", "rho", "momentum")  # decimals that Keras makes float32
DEFAULTS = {  # functions that make float32 unasked -> place of their dtype
    "zeros": 1,
    "ones": 1,
    "eye": 3,
    "one_hot": 5,
    "random.normal": 3,
    "random.uniform": 3,
    "random.truncated_normal": 3,
    "random.stateless_normal": 4,
    "random.stateless_uniform": 4,
    "random.stateless_truncated_normal": 4,
}
LOSSES = (  # modules of Keras 2 that cast every loss to float32
    "tensorflow.python.keras.utils.losses_utils",
    "keras.utils.losses_utils",
    "keras.src.utils.losses_utils",
)
SINGLE = ("float32", "float16", "half", "bfloat16")


class TensorFlowCasts:
    """Casts of a program, its functions and devices.

    Args:
      tf: the module.
      kerases: every Keras that the program uses.
      recorder: is told of what is not as the program says.
    """

    def __init__(self, tf, kerases, recorder):
        self.tf, self.kerases, self.recorder = tf, kerases, recorder
        self.single = {tf.float32, tf.float16, tf.bfloat16}
        self.is_raised, self.cast, self.exact = False, tf.cast, []

    def run_eagerly(self, sources):
        """Functions run as Python, op by op."""
        tf = self.tf
        tf.config.run_functions_eagerly(True)
        if any("tf.function" in text for _, text in sources):
            self.recorder.note("tf.function is run eagerly")
        tf.distribute.MirroredStrategy = self._one_device
        tf.config.set_soft_device_placement(True)
        if tf.config.list_physical_devices("GPU"):
            tf.config.set_visible_devices([], "GPU")
            self.recorder.note("there is a GPU: it was recorded on the CPU")
        for keras in self.kerases:
            for holder in (keras, keras.config if hasattr(keras, "config") else None):
                for name in ("set_dtype_policy", "set_floatx"):
                    patched(holder, name, self._unset)
            precision = getattr(keras, "mixed_precision", None)
            for name in ("set_global_policy", "set_dtype_policy"):
                patched(precision, name, self._unset)
            patched(getattr(precision, "experimental", None), "set_policy", self._unset)

    def _one_device(self, *args, **kwargs):
        self.recorder.note("MirroredStrategy is one device")
        return self.tf.distribute.OneDeviceStrategy("/cpu:0")

    def _unset(self, plain):
        def set_policy(*args, **kwargs):
            if args and "float16" in str(getattr(args[0], "name", args[0])):
                self.recorder.note("mixed precision is switched off")
            elif not self.is_raised:
                plain(*args, **kwargs)

        return set_policy

    # ---- float64 ----

    def raise_all(self):
        """Float64 wherever the program says float32."""
        tf = self.tf
        for keras in self.kerases:
            keras.backend.set_floatx("float64")
            patched(keras.backend, "set_floatx", self._unset)
        self.double, self.is_raised = tf.float64, True
        for holder in (tf, tf.dtypes):
            patched(holder, "cast", self._casting)
        for name in ("constant", "convert_to_tensor"):
            patched(tf, name, self._making)
        patched(tf, "fill", self._filling)
        for name, place in DEFAULTS.items():
            holder = tf.random if name.startswith("random.") else tf
            patched(holder, name.rpartition(".")[2], self._defaulting(place))
        tf.variable_creator_scope(self._creating).__enter__()
        self._exact_slopes()
        spell_elus_out(self.recorder.note)
        for name in LOSSES:
            for attribute in ("math_ops", "tf"):
                module = sys.modules.get(name)
                if hasattr(module, attribute):
                    setattr(module, attribute, Exact(getattr(module, attribute), self.double))

    def raised(self, value):
        """Floating point in float64; anything else as it is."""
        tf = self.tf
        if tf.is_tensor(value):
            return self.cast(value, self.double) if value.dtype in self.single else value
        if isinstance(value, float):
            return np.float64(value)
        if isinstance(value, np.ndarray) and value.dtype in (np.float32, np.float16):
            return value.astype(np.float64)
        return value

    def _dtype(self, dtype):
        if dtype is None:
            return None
        is_single = dtype in SINGLE if isinstance(dtype, str) else dtype in self.single
        return self.double if is_single or dtype in (np.float32, np.float16) else dtype

    def _is_asked(self):
        """Whether the program itself calls a function; Keras and TensorFlow get what they ask."""
        return self.recorder.places.is_own(sys._getframe(2).f_code.co_filename)

    def _filling(self, plain):
        def fill(dims, value, *args, **kwargs):
            value = self.raised(value) if self._is_asked() else value
            return plain(dims, value, *args, **kwargs)

        return fill

    def _casting(self, plain):
        def cast(x, dtype, *args, **kwargs):
            if self._is_asked():
                x, dtype = np.float64(x) if type(x) is float else x, self._dtype(dtype)
            return plain(x, dtype, *args, **kwargs)

        return cast

    def _making(self, plain):
        tf = self.tf

        def make(value, dtype=None, *args, **kwargs):
            if not self._is_asked():
                return plain(value, dtype, *args, **kwargs)
            if dtype is None and not args and not tf.is_tensor(value):
                is_plain = not hasattr(value, "dtype")
                try:
                    kind = np.asarray(value).dtype.kind if is_plain else ""
                except (TypeError, ValueError):
                    kind = ""
                dtype = self.double if kind == "f" else None
            return self.raised(plain(value, self._dtype(dtype), *args, **kwargs))

        return make

    def _defaulting(self, place):
        def make(plain):
            def call(*args, **kwargs):
                if not self._is_asked():
                    return plain(*args, **kwargs)
                if len(args) > place:
                    args = args[:place] + (self._dtype(args[place]),) + args[place + 1 :]
                else:
                    kwargs["dtype"] = self._dtype(kwargs.get("dtype", "float32"))
                return plain(*args, **kwargs)

            return call

        return make

    def _creating(self, make, **kwargs):
        value = kwargs.get("initial_value")
        kwargs["dtype"] = self._dtype(kwargs.get("dtype"))
        if not callable(value):
            is_list = isinstance(value, (list, tuple)) and np.asarray(value).dtype.kind == "f"
            kwargs["initial_value"] = np.asarray(value) if is_list else self.raised(value)
        return make(**kwargs)

    def _exact_slopes(self):
        """The op keeps its slope as a float32."""
        from tensorflow.python.ops import gen_nn_ops

        tf, plain = self.tf, gen_nn_ops.leaky_relu

        def leaky_relu(features, alpha=0.2, name=None):
            x = tf.convert_to_tensor(features)
            if x.dtype != self.double:
                return plain(x, alpha, name)
            self.recorder.note("leaky ReLU is spelled out: the op keeps its slope as a float32")
            return tf.where(x > 0, x, x * tf.constant(float(alpha), x.dtype))

        gen_nn_ops.leaky_relu = leaky_relu

    def exact_decimals(self, optimizer):
        """An optimiser's decimals as float64, which Keras makes float32: once, before an update."""
        if any(optimizer is other for other in self.exact):
            return
        self.exact.append(optimizer)
        old = getattr(optimizer, "_hyper", {})  # before 2.11
        for name, value in list(old.items()):
            old[name] = np.float64(value) if type(value) is float else value
        rate = old.get("learning_rate", getattr(optimizer, "_learning_rate", None))
        is_scheduled = hasattr(rate, "get_config") and callable(rate)
        for owner, names in ((optimizer, ROUNDED), (rate, vars(rate) if is_scheduled else ())):
            for name in list(names):
                if name not in old and type(getattr(owner, name, None)) is float:
                    setattr(owner, name, np.float64(getattr(owner, name)))
        if is_scheduled and hasattr(optimizer, "_current_learning_rate"):  # of 2.11 to 2.15
            now = self.tf.Variable(rate(optimizer.iterations), trainable=False)
            optimizer._current_learning_rate = now


class Exact:
    """A module whose casts to float32 are to float64, of a loss's weight, too."""

    def __init__(self, module, double):
        self._module, self._double = module, double

    def __getattr__(self, name):
        return getattr(self._module, name)

    def cast(self, x, dtype, *args, **kwargs):
        """Casts, to float64 where float32 is asked for."""
        wanted = self._double if dtype == "float32" else dtype
        return self._module.cast(x, wanted, *args, **kwargs)
