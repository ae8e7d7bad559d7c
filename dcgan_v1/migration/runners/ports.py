"""What runners of Keras and PyTorch ports share: a step's arguments, losses, inputs, draws."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.records import Arrays

TF1_KINDS = {"SGD": "GradientDescent", "RMSprop": "RMSProp"}  # of either framework
Model = TypeVar("Model")


def arguments(step: Callable[..., object]) -> tuple[list[str], list[str], bool]:
    """Returns the names of a step's arguments, those that have a default, and whether it takes any
    other by name."""
    function = getattr(step, "python_function", step)  # of a tf.function
    names: list[str] = []
    optional: list[str] = []
    takes_more = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_more = True
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            has_default = parameter.default is not parameter.empty
            (optional if has_default else names).append(parameter.name)
    if names[:1] == ["self"]:
        names = names[1:]
    return names, optional, takes_more


def calls(
    models: dict[str, Model], inputs: Arrays, forward: dict[str, list[str]]
) -> Iterator[tuple[str, Model, list[np.ndarray]]]:
    """Yields (name, model, arrays it is called with) of the models whose inputs are there.

    Args:
      models: of the port by name.
      inputs: what there is.
      forward: model -> names of its inputs.
    """
    for name, model in models.items():
        names = forward.get(name, [])
        if names and all(n in inputs for n in names):
            yield name, model, [inputs[n] for n in names]


def note_inputs(
    choices: list[list[str]],
    tensors: Iterable[object],
    inputs: Arrays,
    to_array: Callable[[object], np.ndarray],
) -> None:
    """Adds the names of the inputs that a model is called with to the `choices`; nothing where a
    tensor is none of the step's inputs.

    Args:
      choices: those so far, a list of names each.
      tensors: what the model is given.
      inputs: of the step.
      to_array: of the framework's tensors.
    """
    names = []
    for tensor in tensors:
        array = to_array(tensor)
        alike = [
            name
            for name, value in inputs.items()
            if np.shape(value) == array.shape and np.array_equal(value, array)
        ]
        if not alike:
            return
        names.append(alike[0])
    if names and names not in choices:
        choices.append(names)


def optimizer_kind(optimizer: object, classes: Iterable[str]) -> str:
    """The name of the framework's own class that an optimiser is, or is derived from."""
    return known_class([cls.__name__ for cls in type(optimizer).__mro__], classes)


def known_class(names: list[str], classes: Iterable[str]) -> str:
    """The first of a class's names, its own and those that it is derived from, that is known; its
    own where none is."""
    return next((n for n in names if n in classes), names[0])


def scalars(returned: object, to_number: Callable[[object], object]) -> dict[str, float]:
    """Returns name -> float of what a step returned.

    Raises:
      UserError: it returned no number.
    """
    if isinstance(returned, dict):
        values = {str(name): value for name, value in returned.items()}
    elif isinstance(returned, list | tuple):
        values = {f"loss{i}": value for i, value in enumerate(returned)}
    else:
        values = {"loss": returned}
    numbers = {}
    for name, value in values.items():
        if value is None:
            continue
        try:
            number = np.asarray(to_number(value), np.float64)
        except (TypeError, ValueError):
            continue
        if number.size == 1:
            numbers[name] = float(number.reshape(-1)[0])
    if not numbers:
        raise UserError(
            f"the port's step returned {type(returned).__name__}, and no single number in it: "
            "let it return its losses, as a dict of scalars"
        )
    return numbers


class Draws:
    """Uniform numbers that the old program drew for its dropouts, given out by shape in the order
    in which it has them."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, np.ndarray]] = []

    def fill(self, arrays: Arrays) -> None:
        """Replaces what was left."""
        self.waiting = list(arrays.items())

    def take(self, shape: Iterable[int]) -> np.ndarray:
        """Returns the next array of a shape.

        Raises:
          UserError: there is none left.
        """
        for i, (_, array) in enumerate(self.waiting):
            if array.shape == tuple(shape):
                del self.waiting[i]
                return array
        raise UserError(
            f"the port drops out an array of shape {list(shape)} for which the TF1 "
            "program draws no random numbers: it has another dropout, or none here"
        )
