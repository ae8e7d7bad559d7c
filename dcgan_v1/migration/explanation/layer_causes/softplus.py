"""PyTorch's softplus is linear above a threshold: finds differences that this explains."""

from dcgan_v1.migration.comparison.differences import Difference
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.records import LayerOutput

THRESHOLD = 20.0  # of torch.nn.functional.softplus, where nothing else is said
LEFT = 2.1e-9  # log(1 + exp(-20)), what it leaves out there at most
TIMES = 10.0  # that a network may make of it


def find(case: Case) -> list[Cause]:
    """Returns the cause of differences as small as what PyTorch's softplus leaves out, where TF1's
    is given more than its threshold."""
    over = [d for kind in (FORWARD, LOSS, GRADIENT) for d in case.over(kind) if not d.key.step]
    if case.evidence.new.kind != "Torch" or not over:
        return []
    if max(d.relative for d in over) > LEFT * TIMES:
        return []
    layers = case.evidence.layers.get("training", [])
    ops = [layer for layer in layers if layer.settings.get("op") == "Softplus"]
    above = next((op for op in ops if op.output.max() > THRESHOLD), None)
    if above is None or _is_apart_ahead(case, layers, above, over):
        return []
    text = (
        f"TF1's softplus is given up to {above.output.max():.3g}; PyTorch's leaves out "
        f"log(1 + exp(-x)) above {THRESHOLD:g}, {LEFT:.1e} at most"
    )
    keys = frozenset(d.key for d in over)
    return [Cause(Kind.ACTIVATION, above.name, text, keys)]


def _is_apart_ahead(
    case: Case, layers: list[LayerOutput], op: LayerOutput, over: list[Difference]
) -> bool:
    """Whether a layer ahead of an op differs already."""
    ahead = {layer.name for layer in layers[: layers.index(op)]}
    apart = {d.key.name for d in over if d.key.kind == FORWARD}
    rows = case.evidence.aligned.get("training", [])
    return any(r.old is not None and r.old.name in ahead and r.new.name in apart for r in rows)
