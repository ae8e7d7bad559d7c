"""PyTorch's softplus is linear above a threshold: finds differences that this explains."""

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS, Key
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.sources import ThresholdChange

THRESHOLD = 20.0  # of torch.nn.functional.softplus, where nothing else is said
LEFT = 2.1e-9  # log(1 + exp(-20)), what it leaves out there at most


def find(case: Case) -> list[Cause]:
    """Returns the cause of what agrees once TF1's softplus leaves out above the threshold what
    PyTorch's does: TF1 is run again so, where it is given as much."""
    over = [d for k in (FORWARD, LOSS, GRADIENT) for d in case.over(k) if not d.key.step]
    if case.evidence.new.kind != "Torch" or not over:
        return []
    layers = case.evidence.layers.get("training", [])
    ops = [layer for layer in layers if layer.settings.get("op") == "Softplus"]
    ops = [op for op in ops if op.output.max() > THRESHOLD]
    changes = tuple(ThresholdChange(op.name, THRESHOLD) for op in ops)
    right = {d.key for d in over} & _right_with(case, changes) if ops else set()
    if not right:
        return []
    text = (
        f"TF1's softplus is given up to {max(op.output.max() for op in ops):.3g}; PyTorch's leaves "
        f"out log(1 + exp(-x)) above {THRESHOLD:g}, {LEFT:.1e} at most"
    )
    return [Cause(Kind.ACTIVATION, ops[0].name, text, frozenset(right))]


def _right_with(case: Case, changes: tuple[ThresholdChange, ...]) -> set[Key]:
    """What agrees where TF1's program is changed."""
    try:
        again = case.put_right(changes)
    except UserError:  # a graph that cannot run so
        return set()
    finally:
        case.experiments.take_back()
    return {d.key for d in again.differences if not d.is_over}
