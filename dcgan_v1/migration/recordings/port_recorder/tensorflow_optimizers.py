"""Optimisers of every Keras: their settings and slots."""

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.torch_names import plain_setting

KERAS_OPTIMIZER = (
    "learning_rate beta_1 beta_2 epsilon rho momentum nesterov amsgrad centered weight_decay "
    "clipnorm clipvalue global_clipnorm use_ema initial_accumulator_value "
    "_initial_accumulator_value"
).split()
SLOTS = {  # optimiser -> what TF1 calls a slot -> attribute of Keras's, name of a slot before 2.11
    "Adam": {"m": ("_momentums", "m"), "v": ("_velocities", "v")},
    "RMSprop": {
        "ms": ("_velocities", "rms"),
        "mom": ("_momentums", "momentum"),
        "mg": ("_average_gradients", "mg"),
    },
    "SGD": {"accum": ("momentums", "momentum")},
    "Adagrad": {"accum": ("_accumulators", "accumulator")},
}


def held_variable(variable):
    """The tf.Variable of a Keras variable."""
    return getattr(variable, "_value", None) if hasattr(variable, "_value") else variable


def key_of(variable):
    """What tells a variable from others, wrapped or not."""
    return id(held_variable(variable))


def belongings(optimizer):
    """`key_of` everything that an optimiser's attributes hold: its rate, its counts, its slots."""
    for name, value in list(vars(optimizer).items()):
        if name == "_trainable_variables":
            continue  # what it moves
        for content in value.values() if isinstance(value, dict) else [value]:
            for one in content if isinstance(content, (list, tuple)) else [content]:
                yield key_of(one)


def settings_of(optimizer):
    """name -> number, text or bool of an optimiser, before its next update."""
    settings = {}
    for name in KERAS_OPTIMIZER:
        value = rate_of(optimizer) if name == "learning_rate" else setting(optimizer, name)
        value = value.numpy() if hasattr(value, "numpy") else value
        value = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
        key, value = plain_setting((name, value))
        if value is not None:
            settings[key] = value
    return settings


def setting(optimizer, name):
    """A number of an optimiser, or None."""
    try:
        return getattr(optimizer, name, None)
    except (AttributeError, ValueError):
        return None


def rate_of(optimizer):
    """The learning rate that the next update has."""
    if hasattr(optimizer, "_decayed_lr"):  # before 2.11
        return float(optimizer._decayed_lr("float64").numpy())
    rate = getattr(optimizer, "_learning_rate", None)
    rate = setting(optimizer, "learning_rate") if rate is None else rate
    if callable(rate) and not hasattr(rate, "numpy"):
        rate = rate(optimizer.iterations)  # a schedule
    return float(rate.numpy() if hasattr(rate, "numpy") else rate)


def kind_of(optimizer):
    """Keras's own class that an optimiser is, or is derived from."""
    names = [cls.__name__ for cls in type(optimizer).__mro__]
    return next((n for n in names if n in SLOTS), names[0])


def slots_of(optimizer, variable):
    """Yields (what TF1 calls a slot, its variable)."""
    for slot, (attribute, old_name) in SLOTS.get(kind_of(optimizer), {}).items():
        slot_value = None
        if hasattr(optimizer, "get_slot_names"):
            if old_name in optimizer.get_slot_names():
                slot_value = optimizer.get_slot(variable, old_name)
        else:
            values = getattr(optimizer, attribute, None) or []
            number = number_of(optimizer, variable)
            slot_value = values[number] if number is not None and number < len(values) else None
        if slot_value is not None:
            yield slot, slot_value


def number_of(optimizer, variable):
    """The place of a variable among those that an optimiser was built for, or None."""
    variables = getattr(optimizer, "_trainable_variables", None)
    if variables is not None:  # Keras 3
        return next((i for i, v in enumerate(variables) if key_of(v) == key_of(variable)), None)
    numbers = getattr(optimizer, "_index_dict", {})
    key = optimizer._var_key(variable) if hasattr(optimizer, "_var_key") else None
    return numbers.get(key)
