"""Runs both programs' inference, and puts their layers side by side."""

import dataclasses

from dcgan_v1.migration.comparison.evidence import FORWARD, OUTPUT, Key
from dcgan_v1.migration.comparison.inputs.preparation import Prepared
from dcgan_v1.migration.comparison.observations import SAME_VALUE, refuse_nan
from dcgan_v1.migration.comparison.pairs.pixel_order import numbered
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.comparison.runs import inference, recorded_run
from dcgan_v1.migration.comparison.runs.gathered import Gathered
from dcgan_v1.migration.matching.fingerprints import PixelsOf
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.runners.process import both
from dcgan_v1.migration.runners.recorded_port import RecordedPort


def gather(
    programs: Programs,
    prepared: Prepared,
    gathered: Gathered,
    matching: Matching,
    pixels: PixelsOf,
    forward: dict[str, list[list[str]]],
) -> PixelsOf:
    """Adds the layers of inference to what is gathered.

    Args:
      programs: open, and set to the state in which they are compared.
      prepared: whose first batch they are given.
      gathered: of these programs.
      matching: of their variables.
      pixels: layers of the port that meet feature maps, as far as they are known.
      forward: model -> lists of names of what it was seen to take, or is said to: it is given
        each, and what counts is the one under which most of its layers agree.

    Returns:
      the pixels, with those that were seen now.

    Raises:
      UserError: a program fails, or computes NaN.
    """
    dtype, paired, new = gathered.dtype, gathered.pairing, gathered.pairing.new
    batch, port_batch = prepared.tf1_batch(0, dtype), prepared.port_inference(dtype)
    choices = [
        {model: names[min(i, len(names) - 1)] for model, names in forward.items() if names}
        for i in range(max(map(len, forward.values()), default=0) or 1)
    ]
    ours, first = both(
        lambda: programs.old.inference(batch, {}),
        lambda: programs.new.inference(port_batch, choices[0]),
    )
    if isinstance(programs.new, RecordedPort):
        known = recorded_run.forward_choices(programs.new, prepared, new)
        paired = dataclasses.replace(paired, new=dataclasses.replace(new, models=known))
        gathered.notes += [
            f"{model} in inference: it was first called with what TF1 is not given"
            for model in new.models
            if model not in known
        ]
    others = [programs.new.inference(port_batch, choice) for choice in choices[1:]]
    theirs = [seen.layers for seen in (first, *others)]
    pixels = numbered(pixels, first.pixels, new, matching)
    parts, notes = inference.pair_layers(paired, SAME_VALUE[dtype], pixels, ours.layers, theirs)
    gathered.notes += notes
    beside = gathered.align("inference", parts, matching, pixels)
    if not paired.trains:
        ends, notes = inference.later_ends(ours.layers, gathered.aligned["inference"])
        gathered.alone |= {Key(FORWARD, f"{n}{OUTPUT}", "inference"): "TF1" for n in ends}
        gathered.notes += notes
    refuse_nan("TF1 program", layers=beside)
    refuse_nan("port", layers=[layer for _, layers in parts for layer in layers])
    return pixels
