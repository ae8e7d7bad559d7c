"""What a PyTorch program has: modules, bare tensors and optimisers, by its own names."""

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.layer_entries import inferred_of


class TorchNames:
    """Names of modules, tensors and optimisers, and what they hold.

    Args:
      torch: the module.
    """

    def __init__(self, torch):
        self.torch = torch
        self.module_names, self.optimizer_names, self.tensor_names = {}, {}, {}
        self.variables, self.modules, self.owners = {}, {}, {}
        self.optimizers, self.inferred = [], []

    def name_everything(self, pairs, roots, optimizers):
        """Gives everything the name that the program has for it.

        Args:
          pairs: (name, object) of what the program holds.
          roots: modules that it calls; copies of them are added.
          optimizers: its optimisers.
        """
        torch = self.torch
        objects = {}
        for name, value in pairs:
            if isinstance(value, (torch.Tensor, torch.nn.Module, torch.optim.Optimizer)):
                objects.setdefault(id(value), (name, value))
        classes = {type(root) for root in roots}
        for _, value in objects.values():  # a copy of a network: averages of its weights
            if type(value) in classes and not any(value is root for root in roots):
                roots.append(value)
        inner = {id(m) for root in roots for m in root.modules() if m is not root}
        self.optimizers = optimizers
        trained = {id(p) for o in optimizers for g in o.param_groups for p in g["params"]}
        for root in roots + self._others(objects, roots, trained):
            if id(root) not in inner:
                self._name_module(objects.get(id(root), (type(root).__name__,))[0], root, trained)
        for number, optimizer in enumerate(optimizers):
            self._name_optimizer(number, optimizer, objects, trained)

    def _others(self, objects, roots, trained):
        """Modules that an optimiser trains and that are not called before the first update, the
        largest first, where none holds another."""
        torch = self.torch
        parts = {id(m) for root in roots for m in root.modules()}
        modules = [v for _, v in objects.values() if isinstance(v, torch.nn.Module)]
        others = []
        for module in sorted(modules, key=lambda module: -len(list(module.modules()))):
            own = {id(m) for m in module.modules()}
            if not own & parts and any(id(p) in trained for p in module.parameters()):
                parts |= own
                others.append(module)
        return others

    def _name_module(self, name, root, trained):
        name = unused(name, self.module_names.values())
        for path, module in root.named_modules():
            place = ("%s/%s" % (name, path.replace(".", "/"))).rstrip("/")
            self.module_names.setdefault(id(module), place)
            self.modules.setdefault(place, module_facts(module))
            own = list(module.named_parameters(recurse=False))
            own += list(module.named_buffers(recurse=False))
            for attribute, tensor in own:
                if tensor is not None and tensor.is_floating_point():
                    self._add(place, module, attribute, tensor, trained)

    def _name_optimizer(self, number, optimizer, objects, trained):
        for group in optimizer.param_groups:
            for tensor in group["params"]:
                if id(tensor) not in self.tensor_names:
                    default = "tensor%d" % len(self.tensor_names)
                    name = objects.get(id(tensor), (default,))[0].replace(".", "_")
                    self._add("tensors", None, name, tensor, trained)
        default = "%s%d" % (type(optimizer).__name__.lower(), number + 1)
        name = objects.get(id(optimizer), (default,))[0]
        self.optimizer_names[id(optimizer)] = unused(name, self.optimizer_names.values())

    def _add(self, place, module, attribute, tensor, trained):
        if id(tensor) in self.tensor_names:
            return
        name = "%s/%s" % (place, attribute)
        self.tensor_names[id(tensor)] = name
        self.variables[name] = {
            "shape": list(tensor.shape),
            "dtype": str(tensor.dtype).replace("torch.", ""),
            "trainable": id(tensor) in trained,
            "layer": place,
            "attribute": attribute,
        }
        self.owners[name] = (module, attribute, tensor)

    def variable_name(self, tensor):
        return self.tensor_names.get(id(tensor), "?")

    def optimizer_name(self, optimizer):
        return self.optimizer_names.get(id(optimizer), "?")

    def layer_name(self, of):
        """The name of a call of a module, or '' of one that is no layer."""
        module, is_leaf, is_root = of
        name = self.module_names.get(id(module), "")
        return name + ": output" if name and is_root and not is_leaf else name

    # ---- values ----

    def _now(self, name):
        module, attribute, tensor = self.owners[name]
        # a module may put another tensor in a buffer's place
        return tensor if module is None else getattr(module, attribute)

    def start(self, first_values, inference):
        """Arrays of `before.npz`.

        Args:
          first_values: id of a tensor -> array before the first step.
          inference: (module, arrays, layers) of what it gave.
        """
        arrays = {}
        for name in self.variables:
            first = first_values.get(id(self.owners[name][2]))
            arrays["state/" + name] = self.array(self._now(name)) if first is None else first
        arrays.update(self._slots())
        self.inferred = inferred_of(self, inference, arrays)
        return arrays

    def state(self):
        """'state/w' and 'slot/o|w|m' -> array now."""
        arrays = {"state/" + name: self.array(self._now(name)) for name in self.variables}
        arrays.update(self._slots())
        return arrays

    def _slots(self):
        arrays = {}
        for optimizer in self.optimizers:
            for tensor, entries in optimizer.state.items():
                for key, value in entries.items():
                    is_slot = isinstance(value, self.torch.Tensor) and value.shape == tensor.shape
                    if is_slot and key != "step":
                        parts = [self.optimizer_name(optimizer), self.variable_name(tensor), key]
                        arrays["slot/" + "|".join(parts)] = self.array(value)
        return arrays

    def settings(self, optimizer):
        """The first group's settings; what others have otherwise is told by its number."""
        groups = [
            dict(pair for pair in map(plain_setting, group.items()) if pair[1] is not None)
            for group in optimizer.param_groups
        ]
        settings = dict(groups[0])
        for number, group in enumerate(groups[1:]):
            for key, value in group.items():
                if value != groups[0].get(key):
                    settings["%s of group %d" % (key, number + 2)] = value
        return settings

    def describe(self):
        return {
            "variables": self.variables,
            "modules": self.modules,
            "optimizers": {
                self.optimizer_name(o): {
                    "classes": [c.__name__ for c in type(o).__mro__],
                    "settings": self.settings(o),
                    "variables": [
                        self.variable_name(p) for g in o.param_groups for p in g["params"]
                    ],
                }
                for o in self.optimizers
            },
            "inference": self.inferred,
        }

    def array(self, tensor):
        """A tensor as numpy has it, a copy."""
        if not isinstance(tensor, self.torch.Tensor):
            return np.asarray(tensor)
        return np.array(tensor.detach().cpu().numpy())


def unused(name, names):
    """A name that no path of `names` begins with."""
    first = {place.partition("/")[0] for place in names}
    stem = name = name.replace("/", "_")
    number = 1
    while name in first:
        number += 1
        name = "%s_%d" % (stem, number)
    return name


def module_facts(module):
    """What a reader must know of a module that it cannot import."""
    # not the attribute: one that is made of others may move them, as a spectral norm does
    weight = module._parameters.get("weight")
    return {
        "classes": [cls.__name__ for cls in type(module).__mro__],
        "scales": getattr(weight, "ndim", 0) == 1,
        "averages": any(b.is_floating_point() for b in module.buffers(recurse=False)),
        "is leaf": is_leaf(module),
        "groups": plain_setting(("groups", getattr(module, "groups", 1)))[1],
    }


def is_leaf(module):
    """Whether a module holds no other but what its weights are made by."""
    return all(name == "parametrizations" for name, _ in module.named_children())


def layer_settings(module, names):
    """name -> number, text or list of an attribute, and its class."""
    values = {"class": type(module).__name__}
    for name in names:
        key, value = plain_setting((name, getattr(module, name, None)))
        if value is not None:
            values[key] = value
    return values


def plain_setting(pair):
    """(name, value) with a value that JSON can hold, or None."""
    name, value = pair
    if isinstance(value, (bool, str, int, float)):
        return name, value
    if isinstance(value, (tuple, list)) and all(isinstance(v, (int, float)) for v in value):
        return name, list(value)
    if getattr(value, "shape", None) == ():
        return name, float(value)
    return name, None
