"""What a TensorFlow or Keras program has: models, variables and optimisers, by its own names."""

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.layer_entries import inferred_of
from dcgan_v1.migration.recordings.port_recorder.tensorflow_optimizers import (
    belongings,
    held_variable,
    key_of,
    kind_of,
    rate_of,
    settings_of,
    slots_of,
)
from dcgan_v1.migration.recordings.port_recorder.torch_names import unused

LAYERS_OF_NAME = {"Metric", "InputLayer"}  # that Keras calls layers, and that are none
GENERIC = ("Sequential", "Functional", "Model")  # two of a class are no copies


def parts_of(layer):
    """The layers right inside one; a recurrent layer's cells run in a loop and are none."""
    if hasattr(layer, "cell") or hasattr(layer, "cells"):
        return []
    try:
        parts = list(layer._flatten_layers(include_self=False, recursive=False))
    except (AttributeError, TypeError):
        return []
    return [part for part in parts if not LAYERS_OF_NAME & {c.__name__ for c in type(part).__mro__}]


def weights_of(layer):
    """Variables of a layer; none before it is built."""
    try:
        return list(layer.weights)
    except ValueError:
        return []


def own_variables(layer):
    """Variables of a layer that none of its parts holds."""
    inner = {key_of(v) for part in _all_parts(layer) for v in weights_of(part)}
    counts = {key_of(v) for m in getattr(layer, "metrics", None) or [] for v in m.variables}
    return [v for v in weights_of(layer) if key_of(v) not in inner | counts]


class TensorFlowNames:
    """Names of layers, variables and optimisers, and what they hold.

    Args:
      tf: the module.
      layer_classes, optimizer_classes: bases of every Keras that the program uses.
    """

    def __init__(self, tf, layer_classes, optimizer_classes):
        self.tf = tf
        self.layer_classes, self.optimizer_classes = layer_classes, optimizer_classes
        self.module_names, self.optimizer_names, self.tensor_names = {}, {}, {}
        self.variables, self.modules, self.owners = {}, {}, {}
        self.optimizers, self.trains, self.inferred = [], {}, []
        self.tops, self.called = [], 0  # names of networks, the first of them called already

    def name_everything(self, pairs, roots, optimizers, trains):
        """Gives everything the name that the program has for it.

        Args:
          pairs: (name, object) of what the program holds.
          roots: layers that it calls; copies of them are added.
          optimizers: its optimisers.
          trains: id of an optimiser -> the variables that it has moved.
        """
        objects = {}
        keras = (*self.layer_classes, *self.optimizer_classes)
        kinds = (*keras, self.tf.Variable, self.tf.Module)
        for name, value in pairs:
            if isinstance(value, kinds) or hasattr(value, "_value"):
                objects.setdefault(id(held_variable(value)), (name, value))
        self.optimizers, self.trains = optimizers, trains
        trained = {key_of(v) for variables in trains.values() for v in variables}
        classes = {type(root) for root in roots if type(root).__name__ not in GENERIC}
        for _, value in objects.values():  # a copy of a network: averages of its weights
            if type(value) in classes and not any(value is root for root in roots):
                roots.append(value)
        inner = {id(p) for r in roots for p in _all_parts(r)}
        networks = [root for root in roots if id(root) not in inner]
        self.called = len(networks)
        networks += self._others(objects, roots)
        for root in networks:
            name = unused(objects.get(id(root), (root.name,))[0], self.module_names.values())
            self.tops.append(name)
            self._name_layer(name, root, trained)
        beside = {key for optimizer in optimizers for key in belongings(optimizer)}
        for name, value in list(objects.values()):
            if key_of(value) in beside:
                continue
            if isinstance(value, self.tf.Variable) or hasattr(value, "_value"):
                self._add("tensors", name.replace(".", "_"), value, trained)
            elif isinstance(value, self.tf.Module) and not isinstance(value, keras):
                self._name_module(unused(name, self.variables), value, trained)
        for number, optimizer in enumerate(optimizers):
            default = "%s%d" % (type(optimizer).__name__.lower(), number + 1)
            name = objects.get(id(optimizer), (default,))[0]
            self.optimizer_names[id(optimizer)] = unused(name, self.optimizer_names.values())
        self.learn(trains)

    def _others(self, objects, roots):
        """Networks that the program holds and has not called before its first update, the largest
        first, where none holds another."""
        parts = {id(p) for r in roots for p in [r, *_all_parts(r)]}
        layers = [
            v
            for _, v in objects.values()
            if isinstance(v, tuple(self.layer_classes)) and weights_of(v)
        ]
        others = []
        for layer in sorted(layers, key=lambda layer: -len(list(_all_parts(layer)))):
            own = {id(p) for p in [layer, *_all_parts(layer)]}
            if not own & parts:
                parts |= own
                others.append(layer)
        return others

    def learn(self, trains):
        """Takes variables that an optimiser moves for trained.

        Args:
          trains: id of an optimiser -> the variables that it has moved.
        """
        if not self.optimizer_names:
            return  # nothing has a name yet
        for variables in trains.values():
            for variable in variables:
                name = self.tensor_names.get(key_of(variable))
                if name is None:
                    stem = variable.name.partition(":")[0].replace("/", "_")
                    self._add("tensors", stem, variable, {key_of(variable)})
                else:
                    self.variables[name]["trainable"] = True

    def _name_layer(self, place, layer, trained):
        if id(layer) in self.module_names:
            return
        self.module_names[id(layer)] = place
        self.modules[place] = {
            "classes": [cls.__name__ for cls in type(layer).__mro__],
            "is leaf": not parts_of(layer),
        }
        for variable in own_variables(layer):
            attribute = variable.name.partition(":")[0].rpartition("/")[2]
            self._add(place, attribute, variable, trained)
        names = set()
        for part in parts_of(layer):
            name = part.name
            while name in names:
                name += "_"
            names.add(name)
            self._name_layer("%s/%s" % (place, name), part, trained)

    def _name_module(self, place, module, trained):
        """A tf.Module of bare variables, by its attributes."""
        self.module_names[id(module)] = place
        pairs = module._flatten(predicate=lambda x: isinstance(x, self.tf.Variable), with_path=True)
        for path, variable in pairs:
            self._add(place, "/".join(map(str, path)), variable, trained)

    def _add(self, place, attribute, variable, trained):
        key = key_of(variable)
        if key in self.tensor_names or not self.tf.as_dtype(variable.dtype).is_floating:
            return
        stem = name = "%s/%s" % (place, attribute)
        number = 0
        while name in self.variables:
            number += 1
            name = "%s_%d" % (stem, number)
        self.tensor_names[key] = name
        self.variables[name] = {
            "shape": [int(n) for n in variable.shape],
            "dtype": self.tf.as_dtype(variable.dtype).name,
            "trainable": key in trained,
            "layer": name.rpartition("/")[0],
            "attribute": name.rpartition("/")[2],
        }
        self.owners[name] = variable

    def variable_name(self, variable):
        return self.tensor_names.get(key_of(variable), "?")

    def optimizer_name(self, optimizer):
        return self.optimizer_names.get(id(optimizer), "?")

    def layer_name(self, of):
        """The name of a call of a layer, or '' of one that is none."""
        layer, is_leaf, is_root = of
        name = self.module_names.get(id(layer), "")
        return name + ": output" if name and is_root and not is_leaf else name

    # ---- values ----

    def start(self, first_values, inference):
        """Arrays of `before.npz`.

        Args:
          first_values: `key_of` a variable -> array before the first step.
          inference: (layer, arrays, layers) of what it gave.
        """
        arrays = {}
        for name, variable in self.owners.items():
            first = first_values.get(key_of(variable))
            arrays["state/" + name] = self.array(variable) if first is None else first
        arrays.update(self._slots())
        self.inferred = inferred_of(self, inference, arrays)
        return arrays

    def state(self):
        """'state/w' and 'slot/o|w|m' -> array now."""
        arrays = {"state/" + name: self.array(v) for name, v in self.owners.items()}
        arrays.update(self._slots())
        return arrays

    def _slots(self):
        arrays = {}
        for optimizer in self.optimizers:
            rate = float(rate_of(optimizer))
            for variable in self.trains.get(id(optimizer), []):
                for slot, value in slots_of(optimizer, variable):
                    parts = [self.optimizer_name(optimizer), self.variable_name(variable), slot]
                    array = self.array(value)
                    if slot == "accum" and kind_of(optimizer) == "SGD":
                        array = -array / rate if rate else array  # it holds steps, TF1's gradients
                    arrays["slot/" + "|".join(parts)] = array
        return arrays

    def settings(self, optimizer):
        return settings_of(optimizer)

    def describe(self):
        variables = {
            n: v for n, v in self.variables.items() if v["trainable"] or self._is_of_network(n)
        }
        return {
            "variables": variables,
            "modules": self.modules,
            "optimizers": {
                self.optimizer_name(o): {
                    "classes": [c.__name__ for c in type(o).__mro__],
                    "settings": self.settings(o),
                    "variables": [self.variable_name(v) for v in self.trains.get(id(o), [])],
                }
                for o in self.optimizers
            },
            "inference": self.inferred,
        }

    def _is_of_network(self, name):
        """Whether something that nothing trains belongs to what is trained."""
        top = name.partition("/")[0]
        if top in self.tops[: self.called]:
            return True
        of_top = [v for n, v in self.variables.items() if n.partition("/")[0] == top]
        return top != "tensors" and any(v["trainable"] for v in of_top)

    def array(self, value):
        """A tensor or a variable as numpy has it, a copy."""
        value = held_variable(value)
        return np.array(value.numpy() if hasattr(value, "numpy") else value)


def _all_parts(layer):
    for part in parts_of(layer):
        yield part
        for inner in _all_parts(part):
            yield inner
