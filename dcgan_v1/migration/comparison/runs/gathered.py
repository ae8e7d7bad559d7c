"""What both programs gave so far, not yet an `Evidence`: layers, losses, gradients."""

import dataclasses
from dataclasses import dataclass, field

from dcgan_v1.migration.comparison.evidence import FORWARD, OUTPUT, Aligned, Evidence, Key, Keyed
from dcgan_v1.migration.comparison.observations import SAME_VALUE
from dcgan_v1.migration.comparison.pairs import alignment
from dcgan_v1.migration.comparison.pairs.pairing import Pairing
from dcgan_v1.migration.comparison.runs import inference
from dcgan_v1.migration.matching.fingerprints import PixelsOf
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import LayerOutput

Layers = list[LayerOutput]


@dataclass
class Gathered:
    """What both programs gave so far; the names are those of `Evidence`.

    Attributes:
      pairing: what is known of both programs.
      dtype: that they compute in.
      reference: of these programs in another dtype, or with other settings, or None.
    """

    pairing: Pairing
    dtype: str
    reference: Evidence | None
    ours: Keyed = field(default_factory=dict)
    theirs: Keyed = field(default_factory=dict)
    alone: dict[Key, str] = field(default_factory=dict)
    aligned: dict[str, list[Aligned]] = field(default_factory=dict)
    layers: dict[str, Layers] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, ours: Keyed, theirs: Keyed) -> None:
        """Adds arrays of both sides; those of one alone are noted as such."""
        self.ours |= {key: array for key, array in ours.items() if key in theirs}
        self.theirs |= {key: array for key, array in theirs.items() if key in ours}
        self.alone |= {key: "TF1" for key in ours if key not in theirs}
        self.alone |= {key: "port" for key in theirs if key not in ours}

    def align(
        self, mode: str, parts: list[tuple[Layers, Layers]], matching: Matching, pixels: PixelsOf
    ) -> Layers:
        """Puts layers of the port beside ops of TF1's.

        Args:
          mode: 'training' or 'inference'.
          parts: (TF1's, the port's), each aligned by itself.
          matching: of their variables.
          pixels: layers of the port that meet feature maps.

        Returns:
          the ops of TF1's that stand beside one.
        """
        new = self.pairing.new
        variables = {model: inference.trained_of(model, self.pairing) for model in new.models}
        aligned: list[Aligned] = []
        for ours, theirs in parts:
            read = alignment.with_reads(theirs, new, matching)
            aligned += alignment.align(ours, read, SAME_VALUE[self.dtype], pixels, variables)
        layers = [layer for ours, _ in parts for layer in ours]
        if self.reference is not None:  # what stands beside what is known by now
            aligned = _as_in(self.reference.aligned.get(mode, []), aligned, layers)
        self.aligned[mode], self.layers[mode] = aligned, layers
        for a in aligned:
            key = Key(FORWARD, a.new.name, mode)
            if a.old is not None:
                self.ours[key], self.theirs[key] = a.old.output, a.new.output
            elif mode != "training" or not a.new.name.endswith(OUTPUT):
                # of a joined batch, say: what it gives in training shows in losses and gradients
                self.alone[key] = "port"
        return [a.old for a in aligned if a.old is not None]


def _as_in(reference: list[Aligned], aligned: list[Aligned], layers: Layers) -> list[Aligned]:
    """Pairs layers as a reference does, where it pairs them by more than use."""
    known = {a.new.name: a for a in reference if a.old is not None and a.by == "value"}
    by_name = {layer.name: layer for layer in layers}
    result = []
    for a in aligned:
        before = known.get(a.new.name)
        old = by_name.get(before.old.name) if before and before.old else None
        if old is None or old.output.shape != a.new.output.shape:
            result.append(a)
        else:
            result.append(dataclasses.replace(a, old=old, by="value", function=""))
    return result
