"""Optimisers of torch: their slots as TF1 has them, settings, kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dcgan_v1.migration.records import DECAY_APART, Settings
from dcgan_v1.migration.runners import ports

if TYPE_CHECKING:
    import numpy as np
    import torch

SLOTS = {  # optimiser -> what TF1 calls a slot -> key of its state
    "Adam": {"m": "exp_avg", "v": "exp_avg_sq"},
    "AdamW": {"m": "exp_avg", "v": "exp_avg_sq"},
    "RMSprop": {"ms": "square_avg", "mom": "momentum_buffer", "mg": "grad_avg"},
    "SGD": {"accum": "momentum_buffer"},
    "Adagrad": {"accum": "sum"},
}


def parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    """Returns all that an optimiser trains."""
    return [p for group in optimizer.param_groups for p in group["params"]]


def slots(optimizer: torch.optim.Optimizer) -> dict[str, str]:
    """Returns what TF1 calls a slot -> key of an optimiser's state: of those that it moves."""
    group, kind = optimizer.param_groups[0], ports.optimizer_kind(optimizer, SLOTS)
    idle = {"mom": not group.get("momentum"), "mg": not group.get("centered")}
    return {slot: key for slot, key in SLOTS.get(kind, {}).items() if not idle.get(slot)}


def counts(optimizer: torch.optim.Optimizer) -> bool:
    """Whether an optimiser counts its updates."""
    return ports.optimizer_kind(optimizer, SLOTS) != "SGD"


def own_count(optimizer: Any) -> int | None:
    """Returns how often an optimiser has been applied where it, a subclass of one or its schedule
    counts that itself, as `updates`."""
    count = getattr(optimizer, "updates", optimizer.param_groups[0].get("updates"))
    return int(count) if isinstance(count, int | float) else None  # another may be a method


def set_own_count(optimizer: Any, updates: int) -> None:
    """Sets what an optimiser, a subclass of one or its schedule counts itself."""
    if hasattr(optimizer, "updates"):
        optimizer.updates = updates
    for group in optimizer.param_groups:
        if "updates" in group:
            group["updates"] = updates


def settings(optimizer: Any) -> Settings:
    """Returns kind, nesterov and the numbers of an optimiser, as TF1 calls them."""
    group = dict(optimizer.param_groups[0])
    if "eps" in group:
        group["eps"] = getattr(optimizer, "epsilon", group["eps"])
    return settings_of(ports.optimizer_kind(optimizer, SLOTS), group)


def settings_of(kind: str, group: Mapping[str, Any]) -> Settings:
    """Returns the same from an optimiser's kind and its group of parameters."""
    numbers: Settings = {"learning rate": float(group["lr"])}
    if "betas" in group:
        numbers["beta1"], numbers["beta2"] = map(float, group["betas"])
    if "eps" in group:
        numbers["epsilon"] = float(group["eps"])
    if "alpha" in group:
        numbers["rho"] = float(group["alpha"])
    if "rho" in group:
        numbers["rho"] = float(group["rho"])
    if group.get("momentum"):
        numbers["momentum"] = float(group["momentum"])
        kind = "Momentum" if kind == "SGD" else kind
        if group.get("dampening"):
            numbers["dampening"] = float(group["dampening"])
    if kind == "RMSprop" and group.get("centered"):
        kind = "CenteredRMSProp"
    if group.get("amsgrad"):
        numbers["amsgrad"] = True
    if kind in ("Adam", "AdamW") and _decays_apart(kind, group):
        kind, numbers[DECAY_APART] = "Adam", float(group.get("weight_decay", 0.0))
    return {
        "kind": ports.TF1_KINDS.get(kind, kind),
        "nesterov": bool(group.get("nesterov", False)),
        **numbers,
    }


def _decays_apart(kind: str, group: Mapping[str, Any]) -> bool:
    """Whether an optimiser decays weights apart from their gradients, as AdamW does."""
    return kind == "AdamW" or bool(group.get("decoupled_weight_decay"))


def _group(optimizer: torch.optim.Optimizer, parameter: torch.Tensor) -> dict[str, Any]:
    return next(g for g in optimizer.param_groups if any(p is parameter for p in g["params"]))


def complete(
    optimizer: torch.optim.Optimizer, parameter: torch.Tensor, state: dict[str, Any]
) -> None:
    """Adds to the slots that were loaded what torch makes only where there are none.

    Args:
      optimizer: whose they are.
      parameter: that they are of.
      state: of it, slot -> value.
    """
    import torch

    group = _group(optimizer, parameter)
    conditions = {"max_exp_avg_sq": group.get("amsgrad"), "grad_avg": group.get("centered")}
    if ports.optimizer_kind(optimizer, SLOTS) == "RMSprop":
        conditions["momentum_buffer"] = group.get("momentum")
    for key, is_needed in conditions.items():
        if is_needed:
            state.setdefault(key, torch.zeros_like(parameter))


def gradient(optimizer: torch.optim.Optimizer, parameter: torch.Tensor) -> np.ndarray:
    """The gradient that an update follows: of the loss to be minimised, with torch's L2, which the
    step itself adds where TF1 has it in the loss. AdamW decays apart from the gradient."""
    assert parameter.grad is not None
    array: np.ndarray = parameter.grad.numpy(force=True).copy()
    group = _group(optimizer, parameter)
    if group.get("maximize"):
        array = -array
    decay = group.get("weight_decay", 0)
    if decay and not _decays_apart(ports.optimizer_kind(optimizer, SLOTS), group):
        array += decay * parameter.numpy(force=True)
    return array
