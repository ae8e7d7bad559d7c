"""What Keras optimisers are to a comparison: slots as TF1 has them, settings, kinds."""

import numpy as np

from dcgan_v1.migration.runners import port

SLOTS = {  # optimiser -> what TF1 calls a slot -> attribute
    "Adam": {"m": "_momentums", "v": "_velocities"},
    "AdamW": {"m": "_momentums", "v": "_velocities"},
    "RMSprop": {"ms": "_velocities", "mom": "_momentums", "mg": "_average_gradients"},
    "SGD": {"accum": "momentums"},
    "Adagrad": {"accum": "_accumulators"},
}
ROUNDED = ("beta_1", "beta_2", "rho", "momentum")
SETTINGS = {
    "learning_rate": "learning rate",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "epsilon": "epsilon",
    "rho": "rho",
    "momentum": "momentum",
}


def make_exact(optimizers):
    """Gives optimisers their decimals as float64, which Keras would round to float32.

    Returns:
      optimiser -> names of what was changed.
    """
    changed = {}
    for name, optimizer in optimizers.items():
        for setting in ROUNDED:
            value = getattr(optimizer, setting, None)
            if type(value) is float:
                setattr(optimizer, setting, np.float64(value))
                changed.setdefault(name, []).append(setting)
    return changed


def slots(optimizer):
    """Yields (variable, slot as TF1 calls it, its variable, factor that makes it
    TF1's)."""
    if not optimizer.built:
        return
    kind = port.optimizer_kind(optimizer, SLOTS)
    for slot, attribute in SLOTS.get(kind, {}).items():
        held = getattr(optimizer, attribute, None) or []
        for of, variable in zip(optimizer._trainable_variables, held, strict=False):
            if variable is None:
                continue
            # Keras's momentum holds steps, TF1's gradients
            rate = float(optimizer.learning_rate)
            factor = -1 / rate if kind == "SGD" else 1.0
            yield of, slot, variable, factor


def settings(optimizer):
    """Returns kind, nesterov and the numbers of an optimiser, as TF1 calls them."""
    kind = port.optimizer_kind(optimizer, SLOTS)
    found = {
        text: float(getattr(optimizer, attribute))
        for attribute, text in SETTINGS.items()
        if getattr(optimizer, attribute, None) is not None
    }
    found["learning rate"] = float(f"{found['learning rate']:.7g}")
    if kind == "SGD" and found.get("momentum"):
        kind = "Momentum"
    return {
        "kind": port.TF1_KINDS.get(kind, kind),
        "nesterov": bool(getattr(optimizer, "nesterov", False)),
        **found,
    }
