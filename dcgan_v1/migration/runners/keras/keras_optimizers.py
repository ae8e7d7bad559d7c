"""Keras optimisers: their slots as TF1 has them, settings, kinds."""

from collections.abc import Iterator, Mapping
from typing import Any

from dcgan_v1.migration.records import DECAY_APART, Settings
from dcgan_v1.migration.runners import ports

SLOTS = {  # optimiser -> what TF1 calls a slot -> attribute
    "Adam": {"m": "_momentums", "v": "_velocities"},
    "AdamW": {"m": "_momentums", "v": "_velocities"},
    "RMSprop": {"ms": "_velocities", "mom": "_momentums", "mg": "_average_gradients"},
    "SGD": {"accum": "momentums"},
    "Adagrad": {"accum": "_accumulators"},
    "Momentum": {"accum": "accumulators"},  # TF1's, as a port that this project writes has it
}
SETTINGS = {
    "learning_rate": "learning rate",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "epsilon": "epsilon",
    "rho": "rho",
    "momentum": "momentum",
    "weight_decay": DECAY_APART,
}

SWITCHES = ("nesterov", "amsgrad", "centered")


def slots(optimizer: Any) -> Iterator[tuple[Any, str, Any, float]]:
    """Yields (variable, slot as TF1 calls it, its variable, factor that makes it
    TF1's)."""
    if not optimizer.built:
        return
    kind = ports.optimizer_kind(optimizer, SLOTS)
    for slot, attribute in SLOTS.get(kind, {}).items():
        values = getattr(optimizer, attribute, None) or []
        for of, variable in zip(optimizer._trainable_variables, values, strict=False):
            if variable is None:
                continue
            # Keras's momentum holds steps, TF1's gradients
            rate = float(optimizer.learning_rate)
            factor = -1 / rate if kind == "SGD" else 1.0
            yield of, slot, variable, factor


def settings(optimizer: Any) -> Settings:
    """Returns kind, nesterov and the numbers of an optimiser, as TF1 calls them."""
    attributes = {name: getattr(optimizer, name, None) for name in (*SETTINGS, *SWITCHES)}
    return settings_of(ports.optimizer_kind(optimizer, SLOTS), attributes)


def settings_of(kind: str, attributes: Mapping[str, Any]) -> Settings:
    """Returns the same from an optimiser's kind and its attributes."""
    numbers = {
        text: float(attributes[name])
        for name, text in SETTINGS.items()
        if attributes.get(name) is not None
    }
    numbers["learning rate"] = float(f"{numbers['learning rate']:.7g}")
    if kind == "RMSprop" and attributes.get("centered"):
        kind = "CenteredRMSProp"
    if kind == "SGD" and numbers.get("momentum"):
        kind = "Momentum"
    return {
        "kind": ports.TF1_KINDS.get(kind, kind),
        "nesterov": bool(attributes.get("nesterov", False)),
        **({"amsgrad": True} if attributes.get("amsgrad") else {}),
        **numbers,
    }
