"""What the sides of ports have in common: a user's function, its arguments, its losses,
and what a step draws at random."""

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path

import numpy as np

from dcgan_v1.errors import UserError, reason

TF1_KINDS = {"SGD": "GradientDescent", "RMSprop": "RMSProp"}  # of either framework


def find(target):
    """Returns the function of 'file.py:name' or 'module:name'.

    Raises:
      UserError: there is none, or its file cannot be imported.
    """
    place, _, name = target.rpartition(":")
    if not place or not name:
        raise UserError(f"{target!r} names no function; write it as port.py:new")
    try:
        if place.endswith(".py"):
            path = Path(place).resolve()
            if not path.is_file():
                raise UserError(f"{place} does not exist")
            sys.path.insert(0, str(path.parent))
            spec = importlib.util.spec_from_file_location(path.stem, path)
            module = importlib.util.module_from_spec(spec)
            sys.modules[path.stem] = module
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(place)
    except UserError:
        raise
    except Exception as error:  # whatever the user's file raises
        raise UserError(f"{place} cannot be imported: {_said(error)}") from error
    if not callable(getattr(module, name, None)):
        functions = [n for n, f in vars(module).items() if inspect.isfunction(f)]
        hint = f"; it has {', '.join(functions[:6])}" if functions else ""
        raise UserError(f"{place} has no function {name}{hint}")
    return getattr(module, name)


def call(function, target, dtype=None, **options):
    """Calls a user's function with the options, and with a dtype where it takes one."""
    if dtype and "dtype" in inspect.signature(function).parameters:
        options["dtype"] = dtype
    try:
        return function(**options)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{target} failed: {_said(error)}") from error


def _said(error):
    return f"{type(error).__name__}: {reason(error, 200)}"


def arguments(step):
    """Returns the names of a step's arguments, those that have a default, and whether
    it takes any other."""
    function = getattr(step, "python_function", step)  # of a tf.function
    names, optional, rest = [], [], False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            rest = True
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            has_default = parameter.default is not parameter.empty
            (optional if has_default else names).append(parameter.name)
    if names[:1] == ["self"]:
        names = names[1:]
    return names, optional, rest


def describe(side):
    """Returns what the descriptions of all ports have in common, see `worker`."""
    step = side.step_function
    names, optional, rest = arguments(step) if step else ([], [], False)
    return {
        "optimizers": side.hyper(),
        "step": names if step else None,
        "optional": optional,
        "step takes more": rest,
        "altered": side.altered,
        "models": list(side.models),
    }


def passes(side, batch, choice):
    """Yields (name, model, input arrays) of the models that inference can call.

    Args:
      choice: which of the inputs that a model was seen to take it is given.
    """
    for name, model in side.models.items():
        choices = side.forward.get(name) or [[]]
        inputs = choices[min(choice, len(choices) - 1)]
        if inputs and all(n in batch for n in inputs):
            yield name, model, [batch[n] for n in inputs]


def note_inputs(known, tensors, batch, to_array):
    """Adds the names of the inputs that a model is called with to those `known`."""
    names = _inputs_of(tensors, batch, to_array)
    if names and names not in known:
        known.append(names)


def optimizer_kind(optimizer, known):
    """The name of the framework's own class that an optimiser is, or is derived
    from."""
    names = [cls.__name__ for cls in type(optimizer).__mro__]
    return next((n for n in names if n in known), names[0])


def scalars(returned, to_number):
    """Returns name -> float of what a step returned.

    Raises:
      UserError: it returned nothing, or what is no number.
    """
    if isinstance(returned, dict):
        named = returned
    elif isinstance(returned, list | tuple):
        named = {f"loss{i}": value for i, value in enumerate(returned)}
    else:
        named = {"loss": returned}
    found = {}
    for name, value in named.items():
        try:
            number = np.asarray(to_number(value))
            found[str(name)] = float(number.reshape(-1)[0]) if number.size == 1 else None
        except (TypeError, ValueError):
            found[str(name)] = None
    numbers = {name: value for name, value in found.items() if value is not None}
    if not numbers:
        raise UserError(
            "the port's step returns nothing: let it return its losses, as a dict of scalars"
        )
    return numbers


def _inputs_of(call_inputs, batch, to_array):
    """Returns the names of the step's inputs that a model was called with, or None."""
    names = []
    for value in call_inputs:
        array = to_array(value)
        same = [
            name
            for name, given in batch.items()
            if np.shape(given) == array.shape and np.array_equal(given, array)
        ]
        if not same:
            return None
        names.append(same[0])
    return names or None


class Draws:
    """Uniform numbers that the old program drew for its dropouts, given out by shape in
    the order in which it has them."""

    def __init__(self):
        self.waiting, self.used = [], []

    def fill(self, arrays):
        self.waiting = list(arrays.items())
        self.used = []

    def take(self, shape):
        """Returns the next array of a shape.

        Raises:
          UserError: there is none left.
        """
        for i, (name, array) in enumerate(self.waiting):
            if array.shape == tuple(shape):
                self.used.append(name)
                del self.waiting[i]
                return array
        raise UserError(
            f"the port drops out an array of shape {list(shape)} for which the TF1 "
            "program draws no random numbers: it has another dropout, or none here"
        )
