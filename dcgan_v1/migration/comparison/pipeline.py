"""A comparison from beginning to end: each stage takes what the one before it gave."""

import contextlib
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import (
    differences,
    gradient_check,
    pictures,
    program_lines,
    rounding,
)
from dcgan_v1.migration.comparison.differences import Difference
from dcgan_v1.migration.comparison.evidence import Evidence
from dcgan_v1.migration.comparison.gradient_check import Checked
from dcgan_v1.migration.comparison.inputs import input_order, preparation
from dcgan_v1.migration.comparison.inputs.bindings import Bindings
from dcgan_v1.migration.comparison.inputs.preparation import Prepared, Request
from dcgan_v1.migration.comparison.pairs import equal_steps
from dcgan_v1.migration.comparison.pairs.pairing import Pairing
from dcgan_v1.migration.comparison.pictures import Images
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.comparison.runs import collection, recorded_run
from dcgan_v1.migration.comparison.runs.live_experiments import LiveExperiments
from dcgan_v1.migration.comparison.runs.recorded_experiments import RecordedExperiments
from dcgan_v1.migration.explanation.explain import Finding, explain
from dcgan_v1.migration.measures import Speed
from dcgan_v1.migration.records import PortInfo, Tf1Info
from dcgan_v1.migration.runners.protocol import NoDouble
from dcgan_v1.migration.runners.recorded_port import RecordedPort
from dcgan_v1.migration.sources import Source

LOUD = 0.1  # rounding in float32 that leaves nothing to be said
ROUNDS = 5  # of timing, in alternation


class CannotBe(Exception):
    """A dtype in which this pair cannot be compared, and why."""


@dataclass(frozen=True)
class Comparison:
    """Both programs compared in one dtype.

    Attributes:
      evidence: what they computed.
      prepared: what they were given.
      differences: between them; control: in float32 those of TF1 from itself.
      findings: where they part and why, worked out in the first dtype.
      checked: TF1's gradients beside difference quotients, in float64.
      speeds: rounds of timing, TF1's and the port's.
      images: of both sides, by trained weights where the request has some.
    """

    evidence: Evidence
    prepared: Prepared
    differences: list[Difference]
    control: list[Difference] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    checked: list[Checked] = field(default_factory=list)
    speeds: list[tuple[Speed, Speed]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    images: list[Images] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """All that a comparison gives.

    Attributes:
      pairing: which variable is which, even where too few are matched to go on.
      bindings: argument of the port's step -> TF1's input.
      comparisons: by dtype, float64 first; empty where variables have no counterpart.
      refused: dtype -> why nothing was compared in it.
    """

    pairing: Pairing
    prepared: Prepared
    comparisons: dict[str, Comparison] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listener:
    """Who is told of a comparison's progress: `advance` after each stage, `tell` of what was read
    off the programs as soon as it is known."""

    advance: Callable[[], object] = lambda: None
    tell: Callable[[list[str]], object] = lambda lines: None


def run(
    old: Source, new: Source, request: Request, dtypes: list[str], folder: Path, listener: Listener
) -> Outcome:
    """Compares in each dtype, float64 first: what is matched there serves float32, too.

    Args:
      old, new: where the programs are.
      request: what is asked for.
      dtypes: 'float64', or both.
      folder: for files that pass between processes.
      listener: is told of the progress.

    Raises:
      UserError: they cannot be compared.
    """
    outcome: Outcome | None = None
    refused: dict[str, str] = {}
    programs: Programs | None = None
    with contextlib.ExitStack() as stack:
        for dtype in sorted(dtypes, reverse=True):
            is_timed = bool(request.timing_steps) and dtype == min(dtypes)
            try:
                if programs is None:
                    opened = _opened(old, new, dtype, folder, request.device)
                    programs = stack.enter_context(opened)
                else:
                    programs = stack.enter_context(_in_dtype(programs, dtype))
                outcome = compared(programs, request, outcome, listener, is_timed)
            except CannotBe as error:
                refused[dtype] = str(error)
                continue
            if not outcome.pairing.is_whole:
                break
    if outcome is None:
        raise UserError(f"cannot compare in {dtype}: {refused[dtype]}")
    return Outcome(outcome.pairing, outcome.prepared, outcome.comparisons, refused)


def _opened(old: Source, new: Source, dtype: str, folder: Path, device: str) -> Programs:
    try:
        return Programs.open(old, new, dtype, folder, device)
    except NoDouble as error:
        raise CannotBe(str(error)) from error


def _in_dtype(programs: Programs, dtype: str) -> Programs:
    try:
        return programs.in_dtype(dtype)
    except NoDouble as error:
        raise CannotBe(str(error)) from error


def compared(
    programs: Programs, request: Request, before: Outcome | None, listener: Listener, is_timed: bool
) -> Outcome:
    """Compares in one dtype.

    Args:
      before: what came of another dtype, whose matching and start are used.
    """
    old, new = programs.old.describe(), programs.new.describe()
    _refuse_other_dtype(new, programs.dtype)
    trains = bool(old.updates) and new.arguments is not None
    if isinstance(programs.new, RecordedPort):
        listener.tell(program_lines.of(old, Bindings()))
        prepared, paired = recorded_run.prepare(programs, programs.new, request, listener.tell)
        if not paired.is_whole:
            return Outcome(paired, prepared)
    elif before is None:
        bound = _bound(old, new, request, trains, listener)
        prepared = preparation.prepare(programs.old, old, bound, request, trains)
        prepared, paired = _paired(programs, (old, new), prepared, request, trains, listener)
        if not paired.is_whole:
            return Outcome(paired, prepared)
        if paired.dropouts and paired.dropouts != prepared.bindings.dropouts:
            in_order = dataclasses.replace(prepared.bindings, dropouts=paired.dropouts)
            prepared = dataclasses.replace(prepared, bindings=in_order)
            listener.tell(
                [f"the port's dropouts take TF1's in order: {', '.join(paired.dropouts)}"]
            )
        if paired.note:
            notes = [*prepared.notes, paired.note]
            prepared = dataclasses.replace(prepared, small=prepared.batches[0], notes=notes)
        prepared = preparation.without_idle(prepared, paired.matching.idle_old)
    else:
        prepared = before.prepared
        paired = dataclasses.replace(before.pairing, old=old, new=new, trains=trains)
    reference = next(iter(before.comparisons.values())).evidence if before else None
    comparison = _comparison(programs, request, prepared, paired, reference, listener, is_timed)
    earlier = before.comparisons if before else {}
    matching = comparison.evidence.matching  # knows by now which gradients are rounding
    paired = dataclasses.replace(paired, matching=matching)
    return Outcome(paired, prepared, {**earlier, programs.dtype: comparison})


def _bound(
    old: Tf1Info, new: PortInfo, request: Request, trains: bool, listener: Listener
) -> Bindings:
    """Binds the port's arguments; what the TF1 program is is told, whether that fails or not."""
    try:
        bound = preparation.bind(old, new, request.map, trains)
    except UserError:
        listener.tell(program_lines.of(old, Bindings()))
        raise
    listener.tell(program_lines.of(old, bound))
    return bound


def _paired(
    programs: Programs,
    infos: tuple[Tf1Info, PortInfo],
    prepared: Prepared,
    request: Request,
    trains: bool,
    listener: Listener,
) -> tuple[Prepared, Pairing]:
    """Pairs the variables; where the port's step fails, with its arguments in another order."""
    old, new = infos
    try:
        return prepared, equal_steps.pair(programs, old, new, prepared, request.map, trains)
    except UserError:
        every = {**old.inputs, **old.random}
        settled = input_order.settle(programs, prepared, every) if trains else None
        if settled is None:
            raise
    listener.tell(["the port's step takes its arguments in another order than TF1's inputs have:"])
    listener.tell(program_lines.inputs(old, settled.bindings))
    return settled, equal_steps.pair(programs, old, new, settled, request.map, trains)


def _comparison(
    programs: Programs,
    request: Request,
    prepared: Prepared,
    paired: Pairing,
    reference: Evidence | None,
    listener: Listener,
    is_timed: bool,
) -> Comparison:
    """The stages after matching, see `compared`."""
    evidence = collection.collect(programs, paired, prepared, request, reference)
    listener.advance()
    if not evidence.ours:
        raise UserError(
            "nothing of the two could be compared: the port has no step, and no "
            "model whose inputs are known; give step=, or forward={model: [inputs]}"
        )
    group = differences.group_of(evidence)
    found = differences.between(evidence.ours, evidence.theirs, group)
    notes = [*prepared.notes, *paired.notes, *evidence.notes]
    speeds = _timed(programs, prepared, evidence, request) if is_timed and paired.trains else []
    control: list[Difference] = []
    if programs.control is not None:
        control = rounding.measure(programs, prepared, evidence, listener.advance)
        tolerances = differences.rounding_tolerances(control)
        found = [d._replace(tolerance=tolerances.get(d.key.quantity, d.tolerance)) for d in found]
        notes += [
            f"{quantity} in float32: TF1 is {tolerance / 10:.1e} from itself"
            for quantity, tolerance in tolerances.items()
            if tolerance > differences.TIMES_ROUNDING * LOUD
        ]
    checked: list[Checked] = []
    if programs.dtype == "float64" and paired.trains:
        checked, why = gradient_check.check(programs.old, evidence.old, prepared, request.seed)
        notes += [why] if why else []
    # by TF1's program as it is: explaining gives it the port's numbers
    images = pictures.by_weights(programs, evidence, prepared, request) if not reference else []
    findings: list[Finding] = []
    if reference is None:
        again = partial(collection.collect, programs, paired, request=request, reference=evidence)
        is_live = not isinstance(programs.new, RecordedPort)
        kind = LiveExperiments if is_live else RecordedExperiments
        experiments = kind(programs, prepared, evidence, again)
        findings = explain(evidence, found, experiments)
    listener.advance()
    return Comparison(evidence, prepared, found, control, findings, checked, speeds, notes, images)


def _refuse_other_dtype(new: PortInfo, dtype: str) -> None:
    wrong = sorted({v.dtype for v in new.variables.values()} - {dtype})
    if wrong:
        raise CannotBe(
            f"the port's variables are {wrong[0]}, not {dtype}: let its function take a dtype"
        )


def _timed(
    programs: Programs, prepared: Prepared, evidence: Evidence, request: Request
) -> list[tuple[Speed, Speed]]:
    """Steps in alternation; the first round is thrown away."""
    programs.old.load(prepared.start)
    programs.new.load(evidence.matching.to_port(prepared.start))
    ours = prepared.tf1_batch(0, programs.dtype)
    theirs = prepared.port_batch(0, programs.dtype)
    steps = request.timing_steps
    rounds = [
        (programs.old.time(ours, steps), programs.new.time(theirs, steps))
        for _ in range(ROUNDS + 1)
    ]
    return rounds[1:]
