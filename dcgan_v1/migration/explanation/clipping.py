"""Whether one side's gradients are clipped otherwise than the other's: by value, or by norms."""

from collections.abc import Sequence

import numpy as np

from dcgan_v1.migration.comparison.evidence import Key, Keyed
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.case import Case

ADDED = 1e-6  # what PyTorch's clip_grad_norm_ adds to the norm that it divides by
NEAR = 1e-3  # how far such a factor may be from 1
EXACT = 1e-9  # relative, of a norm from a number that people write


def find(case: Case, ours: Keyed, theirs: Keyed, keys: list[Key]) -> str | None:
    """Says how gradients of an update are clipped on either side, where that accounts for their
    difference; else None.

    Args:
      case: the evidence, and what may be asked of both programs.
      ours: gradients of TF1, theirs: of the port, by key.
      keys: of the gradients of this update that differ.
    """
    del case
    for who, other, clipped, plain in (
        ("TF1", "the port", ours, theirs),
        ("the port", "TF1", theirs, ours),
    ):
        bound = max(float(np.max(np.abs(clipped[k]))) for k in keys)
        if all(
            estimates.leaves(np.clip(plain[k], -bound, bound), plain[k], clipped[k]) for k in keys
        ):
            own = _own_bound([plain[k] for k in keys])
            beside = f"{other} to ±{own:.3g}" if own else f"{other} does not"
            return f"{who} clips gradients to ±{bound:.3g}, {beside}"
        if norm := _of_scaled(clipped, plain, keys):
            return f"{who} clips gradients to ±{bound:.3g}, {other} to {norm}"
    return _by_norms(ours, theirs, keys)


def _of_scaled(clipped: Keyed, plain: Keyed, keys: list[Key]) -> str:
    """What the other side's gradients are clipped to by their norm, where they are those that one
    side clips by value, times one number; or ''."""
    bound = _own_bound([clipped[k] for k in keys])
    inner = [(np.abs(clipped[k]) < bound) & (plain[k] != 0) for k in keys]
    ratios = [clipped[k][own] / plain[k][own] for k, own in zip(keys, inner, strict=True)]
    updates = {k.update for k in keys}
    norm = _bound([a for k, a in plain.items() if k.update in updates], [])
    if not bound or not norm or not sum(map(np.size, ratios)):
        return ""
    times = float(np.median(np.concatenate(ratios)))
    cut = {k: np.clip(times * plain[k], -bound, bound) for k in keys}
    return norm if all(estimates.leaves(cut[k], plain[k], clipped[k]) for k in keys) else ""


def _by_norms(ours: Keyed, theirs: Keyed, keys: list[Key]) -> str | None:
    """Each gradient is the other side's, times a number."""
    ratios = [estimates.ratio(ours[k], theirs[k]) for k in keys]
    if not all(
        estimates.is_times(r, ours[k], theirs[k]) for r, k in zip(ratios, keys, strict=True)
    ):
        return None
    updates = {k.update for k in keys}
    sides = [[a for k, a in side.items() if k.update in updates] for side in (ours, theirs)]
    bounds = [_bound(side, other) for side, other in zip(sides, reversed(sides), strict=True)]
    if bounds[0] and all(0 < 1 - ratio < NEAR for ratio in ratios):
        return (
            f"its gradients are clipped to {bounds[0]} as TF1's, but over the norm plus {ADDED:g} "
            "(PyTorch's clip_grad_norm_)"
        )
    if bool(bounds[0]) != bool(bounds[1]):  # the other may be PyTorch's, of a norm not known
        bounds = [b or _nearly(side) for b, side in zip(bounds, sides, strict=True)]
    if bounds[0] == bounds[1]:
        return None
    told = [f"to {bound}" if bound else "" for bound in bounds]
    if told[0] and told[1]:
        return f"the port clips its gradients {told[1]}, TF1 {told[0]}"
    who, other, bound = ("TF1", "the port", told[0]) if told[0] else ("the port", "TF1", told[1])
    return f"{who} clips its gradients {bound}, {other} does not"


def _bound(gradients: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> str:
    """What gradients are clipped to by their norms, or ''.

    Args:
      gradients: of one side's update.
      others: of the other side's, which may be what they were before.
    """
    norms = [_norm([gradient]) for gradient in gradients]
    bound = _written(max(norms))
    if bound and sum(abs(norm - bound) <= EXACT * bound for norm in norms) > 1:
        return f"a norm of {bound:g} each"
    whole = _norm(gradients)
    bound = _written(whole) or _written(whole * (1 + ADDED / max(_norm(others), ADDED)))
    return f"a norm of {bound:g} together" if bound else ""


def _nearly(gradients: Sequence[np.ndarray]) -> str:
    """The same of gradients that PyTorch has clipped together, whatever they were before."""
    norm = _norm(gradients)
    bound = float(f"{norm:.2g}")
    return f"a norm of {bound:g} together" if 0 <= bound - norm <= ADDED else ""


def _norm(arrays: Sequence[np.ndarray]) -> float:
    return float(np.sqrt(sum(np.sum(np.square(a)) for a in arrays)))


def _written(number: float) -> float:
    """The number of three digits that one is, as people write bounds; or 0."""
    rounded = float(f"{number:.3g}")
    return rounded if abs(number - rounded) < EXACT * number else 0.0


def _own_bound(gradients: list[np.ndarray]) -> float:
    """What gradients are clipped to: a largest size that several have to the bit, of as many digits
    as people write; or 0."""
    sizes = np.concatenate([np.abs(g).ravel() for g in gradients])
    is_shared = np.count_nonzero(sizes == sizes.max()) > 1
    return _written(float(sizes.max())) if is_shared else 0.0
