"""Both sides' images by trained weights: a report's pictures, not a part of the comparison."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.evidence import Evidence
from dcgan_v1.migration.comparison.inputs.preparation import Prepared, Request
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.records import LayerOutput
from dcgan_v1.migration.runners.process import both


class Images(NamedTuple):
    """What one model of the port's and the TF1 graph draw of the same inputs.

    Attributes:
      name: the model's output.
      ours, theirs: TF1's [N, H, W, C], the port's.
    """

    name: str
    ours: np.ndarray
    theirs: np.ndarray


def of_start(evidence: Evidence) -> list[Images]:
    """Returns what both drew in the comparison itself, by the weights it started from."""
    beside = [(a.new, a.old) for a in evidence.aligned.get("inference", []) if a.old is not None]
    return _images([(new, old.output, new.output) for new, old in beside])


def by_weights(
    programs: Programs, evidence: Evidence, prepared: Prepared, request: Request
) -> list[Images]:
    """Returns what both draw by `request.trained`; [] where those weights do not fit.

    Args:
      programs: open; their state is changed.
      evidence: of their comparison.
      prepared: what they were given.
      request: what was asked for.
    """
    start = prepared.start
    known = {n: a for n, a in (request.trained or {}).items() if n in start.variables}
    if not known or any(a.shape != start.variables[n].shape for n, a in known.items()):
        return []
    state = start.replaced(known)
    choice = {model: names[0] for model, names in evidence.forward.items() if names}
    batch, port_batch = (
        prepared.tf1_batch(0, evidence.dtype),
        prepared.port_inference(evidence.dtype),
    )
    try:
        programs.old.load(state)
        programs.new.load(evidence.matching.to_port(state))
        ours, theirs = both(
            lambda: programs.old.inference(batch, {}),
            lambda: programs.new.inference(port_batch, choice),
        )
    except UserError:  # no picture is worth a comparison
        return []
    by_name = [{layer.name: layer.output for layer in side.layers} for side in (ours, theirs)]
    beside = [
        (a.new, by_name[0][a.old.name], by_name[1][a.new.name])
        for a in evidence.aligned.get("inference", [])
        if a.old is not None and a.old.name in by_name[0] and a.new.name in by_name[1]
    ]
    return _images(beside)


def _images(outputs: list[tuple[LayerOutput, np.ndarray, np.ndarray]]) -> list[Images]:
    """Returns those outputs of whole models that look like images."""
    return [
        Images(layer.name, ours, theirs)
        for layer, ours, theirs in outputs
        if layer.kind == "model"
        and ours.ndim == 4
        and ours.shape[3] in (1, 3)
        and ours.shape == theirs.shape
    ]
