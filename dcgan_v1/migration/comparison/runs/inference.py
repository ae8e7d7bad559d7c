"""Which layers of both programs are compared in inference."""

from collections.abc import Sequence

from dcgan_v1.migration.comparison.evidence import OUTPUT, Aligned
from dcgan_v1.migration.comparison.pairs import alignment
from dcgan_v1.migration.comparison.pairs.alignment import apart
from dcgan_v1.migration.comparison.pairs.functions import FUNCTIONS
from dcgan_v1.migration.comparison.pairs.pairing import Pairing
from dcgan_v1.migration.matching.fingerprints import PixelsOf
from dcgan_v1.migration.records import LayerOutput

Layers = Sequence[LayerOutput]
WITH_WEIGHTS = ("conv", "deconv", "dense", "recurrent")


def pair_layers(
    pairing: Pairing, tolerance: float, pixels: PixelsOf, ours: Layers, theirs: Sequence[Layers]
) -> tuple[list[tuple[list[LayerOutput], list[LayerOutput]]], list[str]]:
    """Chooses for each model of the port its layers, and the ops of TF1's to compare them with.

    Args:
      pairing: what is known of both programs.
      tolerance: relative difference below which layers are the same.
      pixels: layers of the port that meet feature maps.
      ours: TF1's.
      theirs: the port's, for each choice of inputs that its models were seen to take; what counts
        is the one under which most of its layers agree.

    Returns:
      ((TF1's, the port's) for each model, notes on what is not compared).
    """
    parts, notes = [], []
    for model in pairing.new.models:
        among = _of_model(model, pairing, ours)

        def agreeing(layers: Layers, among: Layers = among) -> int:
            aligned = alignment.align(among, layers, tolerance, pixels)
            return sum(a.by == "value" for a in aligned)

        choices = [
            [s for s in layers if s.name.startswith((f"{model}/", f"{model}:"))]
            for layers in theirs
        ]
        layers = max(choices, key=agreeing)
        own = [n for n in pairing.unread if n.startswith(f"{model}/")]
        if own and not _ends_alike(among, layers, tolerance, pixels):
            notes.append(f"{model} in inference: it reads {own[0]}, which TF1 has not")
        elif not layers and model in pairing.new.bare:
            notes.append(f"{model} in inference: it is bare tensors, with nothing to call")
        elif not layers:
            notes.append(f"{model} in inference: name its inputs, forward={{{model!r}: […]}}")
        elif does := _does_always(model, pairing, among, layers, agreeing(layers)):
            notes.append(
                f"{model} in inference: TF1's graph {does} always; it was built for training alone"
            )
        else:
            parts.append((list(among), layers))
    return parts, notes


def _ends_alike(ours: Layers, theirs: Layers, tolerance: float, pixels: PixelsOf) -> bool:
    """Whether a model's last layer gives what TF1 has, too."""
    rows = alignment.align(ours, theirs, tolerance, pixels) if theirs else []
    return bool(rows) and rows[-1].by == "value"


def trained_of(model: str, pairing: Pairing) -> set[str]:
    """Returns TF1's names of what a model of the port trains."""
    return {
        r.old
        for r in pairing.matching.rows
        if r.new.startswith(f"{model}/") and pairing.old.variables[r.old].trainable is not False
    }


def _of_model(model: str, pairing: Pairing, layers: Layers) -> Layers:
    """The ops of TF1's that a model may be compared with: of the network that is there for
    inference alone, where the program has one that reads the model's weights, and no switch
    between its modes."""
    twins = _twins(model, pairing, layers)
    return layers if pairing.old.switches or not twins else twins


def _twins(model: str, pairing: Pairing, layers: Layers) -> Layers:
    own = trained_of(model, pairing)
    twins = [s for s in layers if s.is_inference_only and own & set(s.reads)]
    # else it is what is made of the same network beside its loss: a probability, an accuracy; or
    # a part of a network without its beginning: a decoder that draws, an end that training lacks
    begins = _begins(twins, own)
    others = _begins([s for s in layers if not s.is_inference_only], own)
    return twins if begins and (begins & others or not others) else []


def _begins(layers: Layers, own: set[str]) -> set[frozenset[str]]:
    """The weights that layers read which are made of fewest: those that a network begins with."""
    reads = [frozenset(own & set(s.reads)) for s in layers if _has_weights(s, own)]
    fewest = min(map(len, reads), default=0)
    return {weights for weights in reads if len(weights) == fewest}


def _has_weights(layer: LayerOutput, own: set[str]) -> bool:
    return layer.kind in WITH_WEIGHTS and bool(own & set(layer.reads))


def _does_always(model: str, pairing: Pairing, among: Layers, layers: Layers, agreeing: int) -> str:
    """What a program does in inference, too, that has one network for both modes and nothing that
    switches; '' where it has another, or the port's layers agree.

    Args:
      among: TF1's ops that the model may be compared with.
      layers: the model's; agreeing: how many of them agree.
    """
    switches = pairing.old.switches or pairing.old.modes
    is_one = pairing.trains and not switches and not _twins(model, pairing, among)
    if not is_one or agreeing == len(layers):
        return ""
    has_averages = any(
        n.startswith(f"{model}/") and v.part in ("mean", "variance")
        for n, v in pairing.new.variables.items()
    )
    if has_averages:  # they may not be what TF1 normalises by
        return "normalises by its batches"
    drops = pairing.old.random and any(layer.kind == "dropout" for layer in layers)
    return "drops out" if drops else ""


def later_ends(
    ops: Sequence[LayerOutput], aligned: Sequence[Aligned]
) -> tuple[list[str], list[str]]:
    """Where no loss is compared, a model that ends before TF1's network does is another function,
    though TF1 computes on its way what the model gives.

    Sigmoid and softmax may as well be left to a loss: of these a note is made.

    Args:
      ops: TF1's layers in inference.
      aligned: the port's, and what stands beside them.

    Returns:
      (names of the ops in which TF1's networks end, notes).
    """
    names = [op.name for op in ops]
    beside = {a.old.name for a in aligned if a.old is not None}
    ends, notes = [], []
    for a in aligned:
        if a.old is None or not a.new.name.endswith(OUTPUT) or a.old.name not in names:
            continue
        after = [
            op
            for op in ops[names.index(a.old.name) + 1 :]
            if op.is_last and op.reads == a.old.reads and op.kind == "activation"
        ]
        if not after or after[-1].name in beside:
            continue
        end = after[-1]
        of_loss = (FUNCTIONS[name](a.old.output) for name in ("sigmoid", "softmax"))
        if any(y.shape == end.output.shape and apart(y, end.output)[0] < 1e-6 for y in of_loss):
            notes.append(f"{end.name}: TF1 goes on to it from {a.new.name}")
        else:
            ends.append(end.name)
    return ends, notes
