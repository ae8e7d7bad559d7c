"""The records of layer experiments: a layer whose output differs, and a reason for it."""

from dataclasses import dataclass, field

import numpy as np

from dcgan_v1.migration.comparison.evidence import Aligned
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.records import Arrays, LayerOutput

AGREE = 1e-9  # relative difference of what is taken for the same


@dataclass(frozen=True)
class LayerCase:
    """A layer whose output differs.

    Attributes:
      case: what it is part of.
      mode: 'training' or 'inference'.
      row: the layer and TF1's op beside it.
      x: what the layer is given; ours, theirs: what TF1's op and the layer make of it.
      weights: part -> TF1's array of the layer's variables, at the start.
    """

    case: Case
    mode: str
    row: Aligned
    x: np.ndarray
    ours: np.ndarray
    theirs: np.ndarray
    weights: Arrays


@dataclass(frozen=True)
class Reason:
    """Why a layer's output differs.

    Attributes:
      kind: what it is about.
      text: a sentence; '' where the layer does what TF1's weights make of what it is given: the op
        beside it was given something else.
      settings: the port's numbers of settings that put TF1 right if it had them.
      padding: zeros before and after rows, and before and after columns, that put TF1 right.
      named: further settings that it is about; place: of the port's epsilon, see `Named`.
      values: what the port has and what TF1 has, see `Cause`.
      op: of TF1's, that the settings are of, where that is not the one beside the layer.
    """

    kind: Kind
    text: str
    settings: dict[str, float] = field(default_factory=dict)
    padding: tuple[int, int, int, int] | None = None
    named: tuple[str, ...] = ()
    place: str = ""
    values: tuple[str, str] | None = None
    op: LayerOutput | None = None
