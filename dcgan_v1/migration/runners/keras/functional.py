"""Sees what a tf.Module computes by TensorFlow's functions instead of layers, op by op.

Every op that runs eagerly inside its call is seen."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
from tensorflow.python.framework import op_callbacks

from dcgan_v1.migration.recordings.port_recorder.made_kernels import OpKernels
from dcgan_v1.migration.recordings.port_recorder.tensorflow_functions import (
    ATTRIBUTES,
    OF_WEIGHTS,
    OPS,
    TWO,
    chosen_of_two,
    place_of_input,
)
from dcgan_v1.migration.records import LayerOutput
from dcgan_v1.migration.runners.keras import instruments, op_names
from dcgan_v1.migration.runners.layer_names import Pass


class Functions:
    """Tells of every op that makes a layer of a module.

    Args:
      variables: name, '<model>/…' -> tf.Variable.
      tell: is given each layer's output.
      applied: counts the updates of the step.
    """

    def __init__(
        self,
        variables: Mapping[str, Any],
        tell: Callable[[LayerOutput], None],
        applied: instruments.Applied,
    ) -> None:
        self.tell, self.applied = tell, applied
        self._inside: list[str] = []  # modules whose call runs, '' for a layer of Keras's
        own = {n: v.value if hasattr(v, "path") else v for n, v in variables.items()}
        self._variables = own
        self._handles = {v.handle._id: n for n, v in own.items()}
        self._reads: dict[int, str] = {}  # what was read of a variable -> its name
        self._kernels = OpKernels(self._reads)
        self._outputs: set[int] = set()  # what layers gave
        self._passes: dict[str, Pass] = {}
        self._alive: list[Any] = []  # or an id might be another's

    @contextlib.contextmanager
    def inside_of(self, model: str) -> Iterator[None]:
        """A module's call runs, or ('') a layer of Keras's, which is looked into by itself."""
        if model:
            self._passes.setdefault(model, Pass()).begin()
        self._inside.append(model)
        try:
            yield
        finally:
            self._inside.pop()

    def of_op(
        self,
        kind: str,
        inputs: tuple[Any, ...],
        attributes: tuple[Any, ...],
        outputs: tuple[Any, ...],
        name: str | None = None,
        graph: object = None,
    ) -> None:
        """See `op_callbacks.add_op_callback`."""
        del name
        if graph is not None or not self._inside or not outputs:
            return
        if kind == "ReadVariableOp" and inputs[0]._id in self._handles:
            self._reads[outputs[0]._id] = self._handles[inputs[0]._id]
            self._alive.append(outputs[0])
            return
        self._kernels.add(kind, inputs, outputs[0])
        if kind in OPS and "" not in self._inside and outputs[0].dtype.is_floating:
            self._of_layer(kind, inputs, attributes, outputs[0])

    def _weights(self, inputs: tuple[Any, ...], layer: str) -> dict[int, str]:
        """Place of an input -> the variable that it is."""
        own: dict[int, str] = self._kernels.among(layer, inputs)
        if own or layer not in OF_WEIGHTS:
            return own
        # TensorFlow reads some by itself: of equal ones the first that was not used
        names = self._passes[self._inside[-1]].variables
        for name in sorted(self._variables, key=lambda n: n in names):
            variable = self._variables[name]
            for i, tensor in enumerate(inputs):
                is_new = tensor._id not in self._outputs and tensor.dtype == variable.dtype
                if is_new and tensor.shape == variable.shape and np.array_equal(tensor, variable):
                    return {i: name}
        return {}

    def _of_layer(
        self, kind: str, inputs: tuple[Any, ...], attributes: tuple[Any, ...], y: Any
    ) -> None:
        layer = OPS[kind]
        own = self._weights(inputs, layer)
        if layer in OF_WEIGHTS and not own:
            return
        place, numbers = place_of_input(kind, own, inputs), {}
        if kind in TWO:
            place, numbers = chosen_of_two(kind, inputs, y)
        x = inputs[place]
        is_new = x._id not in self._outputs
        parts = {op_names.part(kind, i): name for i, name in own.items()}
        self._outputs.add(y._id)
        self._alive += [x, y]
        values = dict(zip(attributes[::2], attributes[1::2], strict=True))
        numbers |= {k: values[k] for k in ATTRIBUTES if k in values}
        model = self._inside[-1]
        function = op_names.of_layer(kind)
        self.tell(
            LayerOutput(
                self._passes[model].name(model, function, parts.values(), layer),
                layer,
                op_names.settings(kind, numbers),
                np.asarray(y),
                np.asarray(x) if is_new else None,
                self.applied.count,
                reads=tuple(sorted(parts.values())),
                parts=parts,
                given=tuple(x.shape),
            )
        )


@contextlib.contextmanager
def recording(
    models: Mapping[str, Any],
    variables: Mapping[str, Any],
    outputs: list[LayerOutput],
    applied: instruments.Applied,
) -> Iterator[None]:
    """Appends what functions give inside the calls of tf.Modules to `outputs`.

    Args:
      models: of the port; Keras's own are passed over, for their layers tell.
      variables: name, '<model>/…' -> variable of the port.
      outputs: what is appended to.
      applied: counts the updates of the step.
    """
    modules = {id(m): name for name, m in models.items() if not isinstance(m, keras.Model)}
    if not modules:
        yield
        return
    functions = Functions(variables, outputs.append, applied)

    def of_module(plain: Callable[..., Any], module: Any, *args: Any, **kwargs: Any) -> Any:
        if id(module) not in modules:
            return plain(module, *args, **kwargs)
        with functions.inside_of(modules[id(module)]):
            return plain(module, *args, **kwargs)

    def of_layer(plain: Callable[..., Any], layer: Any, *args: Any, **kwargs: Any) -> Any:
        with functions.inside_of(""):
            return plain(layer, *args, **kwargs)

    classes = {type(m) for m in models.values() if id(m) in modules and callable(m)}
    with contextlib.ExitStack() as stack:
        for cls in {instruments.definer(cls) for cls in classes}:
            stack.enter_context(instruments.patched_call(cls, of_module))
        stack.enter_context(instruments.patched_call(keras.layers.Layer, of_layer))
        op_callbacks.add_op_callback(functions.of_op)
        stack.callback(op_callbacks.remove_op_callback, functions.of_op)
        yield
