"""Compares any TF1 program with any TF2, Keras or PyTorch port of it.

    result = compare("port.py:old", "port.py:new", inputs="batch.npz", steps=10)
    assert result, result.verdict

The programs run in processes of their own; this one imports no framework.
"""

import dataclasses
import inspect
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.records import Arrays
from dcgan_v1.migration.sources import Source
from dcgan_v1.migration.specs import Recorded, Tf1

if TYPE_CHECKING:
    from dcgan_v1.migration.comparison.pipeline import Comparison, Outcome
    from dcgan_v1.migration.explanation.case import Finding
    from dcgan_v1.migration.matching.map_file import Map
    from dcgan_v1.migration.matching.matching import Matching
    from dcgan_v1.migration.recordings.replay_report import Replay

CHECKED = (1, 3, 10)  # steps after which the state is looked at, and the last
Side = str | Tf1 | Recorded | Callable[..., object]


@dataclass(frozen=True)
class Result:
    """What a comparison found; true where both are the same function, but for what was accepted.

    Attributes:
      report: tables that JSON can hold, see `reporting.tables.build`.
      findings: where the sides part, and why.
      matching: which variable is which.
      map: text of a map file with everything that was worked out.
      comparisons: by dtype, float64 first.
      replay: of a recording, how far its TensorFlow is from today's.
    """

    report: dict[str, Any]
    findings: "list[Finding]"
    matching: "Matching"
    map: str
    comparisons: "dict[str, Comparison]"
    replay: "Replay | None" = None

    def __bool__(self) -> bool:
        return bool(self.report["same"])

    @property
    def verdict(self) -> str:
        """The verdict as text, the findings with it."""
        from dcgan_v1.migration.reporting import report

        return report.verdict(self.report)

    def show(self, width: int | None = None, told: Collection[str] = ()) -> None:
        """Prints tables and verdict.

        Args:
          width: in columns, the terminal's where it is None.
          told: lines that were printed before.
        """
        from dcgan_v1.migration.reporting import report

        report.show(self.report, self.replay, width, told)

    def save(self, folder: str | Path) -> None:
        """Writes report.json and report.html into a folder."""
        from dcgan_v1.migration.reporting import report

        report.write(self.report, self.comparisons, folder, self.replay)


class Unmatched(UserError):
    """Variables that nothing stands for.

    Attributes:
      table: a line for each.
      map: text of a map file with what was worked out.
    """

    def __init__(self, message: str, table: list[str], text: str) -> None:
        super().__init__(message)
        self.table, self.map = table, text


def compare(
    old: Side,
    new: Side,
    *,
    inputs: "str | Path | Arrays | None" = None,
    map: "str | Path | Map | None" = None,
    steps: int = 3,
    dtype: str = "float64",
    batch_size: int | None = None,
    seed: int = 0,
    timing_steps: int = 0,
    device: str = "cpu",
    trust: bool = False,
    start: Arrays | None = None,
    trained: Arrays | None = None,
    trained_by: str = "",
    old_options: Mapping[str, object] | None = None,
    new_options: Mapping[str, object] | None = None,
    title: tuple[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
    accept: Sequence[str] = (),
    progress: Callable[[], object] = lambda: None,
    tell: Callable[[list[str]], object] = lambda lines: None,
) -> Result:
    """Runs a TF1 program and a port side by side.

    Args:
      old: 'file.py:function' whose function returns a `Tf1`, such a function of a file, or a
        `Tf1` (without `function`).
      new: the same of a function that returns a `Keras` or a `Torch`; or a `Recorded`.
      inputs: path of an .npz, or name -> array, named as the placeholders: [N, ...] for every
        step or [steps, N, ...]. What is left out is drawn.
      map: path of a map file (see `matching.map_file`), or what one holds.
      steps: training steps; the state is looked at after 1, 3, 10 and the last.
      dtype: 'float64'; or 'float32', which compares in both, with TF1's own rounding as the
        measure in float32.
      batch_size: rows of what is drawn where the graph leaves them open; 16 by default.
      seed: of what is drawn.
      timing_steps: steps in each of 6 rounds of timing; 0 for none.
      device: 'cpu', or 'gpu' for TF1's program and a Keras port.
      trust: run a graph that holds ops which touch the machine.
      start: name -> array that the TF1 side starts from instead of its own values.
      trained: name -> array that the report's pictures are drawn by; without it, those the
        comparison starts from.
      trained_by: whose they are, for the report.
      old_options, new_options: arguments for the two functions.
      title: (name of the old side, name of the new one) for the report.
      notes: name -> text for the report's environment.
      accept: names of causes that are no difference, of `explanation.case.ACCEPTABLE`.
      progress: called after each stage.
      tell: called with lines about what was read off the programs, as soon as it is known.

    Returns:
      what was found.

    Raises:
      UserError: they cannot be compared. `Unmatched` where variables have no counterpart.
    """
    from dcgan_v1.migration.arrays import read_npz
    from dcgan_v1.migration.comparison import pipeline
    from dcgan_v1.migration.comparison.inputs.preparation import Request
    from dcgan_v1.migration.explanation.case import ACCEPTABLE
    from dcgan_v1.migration.matching import map_file
    from dcgan_v1.migration.recordings.port_recording import PortRecording
    from dcgan_v1.migration.recordings.replay_report import replay
    from dcgan_v1.migration.reporting import tables

    if steps < 1:
        raise UserError("steps must be at least 1")
    for name in accept:
        if name not in ACCEPTABLE:
            raise UserError(f"--accept {name}: there are {', '.join(ACCEPTABLE)}")
    known = map if isinstance(map, map_file.Map) else map_file.read(map) if map else map_file.Map()
    old_source = dataclasses.replace(
        source_of(old, old_options),
        trust=trust,
        runs=known.runs,
        training=known.training,
        inference=known.inference,
    )
    request = Request(
        map=known,
        inputs=read_npz(inputs) if isinstance(inputs, str | Path) else inputs or {},
        steps=steps,
        checked=sorted({*CHECKED, steps} & set(range(1, steps + 1))),
        batch_size=batch_size,
        seed=seed,
        start=start,
        trained=trained,
        timing_steps=timing_steps,
        device=device,
    )
    dtypes = ["float32", "float64"] if dtype == "float32" else ["float64"]
    if isinstance(new, Recorded):
        dtypes = [PortRecording(new.folder).dtype]
        request = dataclasses.replace(request, timing_steps=0)
    with tempfile.TemporaryDirectory(prefix="compare_") as folder:
        listener = pipeline.Listener(progress, tell)
        new_source = source_of(new, new_options)
        outcome = pipeline.run(old_source, new_source, request, dtypes, Path(folder), listener)
    pairing = outcome.pairing
    bound = outcome.prepared.bindings.arguments
    text = map_file.text(pairing.matching, bound, pairing.old.runs, known)
    if not pairing.is_whole:
        raise Unmatched(*_unmatched(outcome), text)
    recording = pairing.old.recording
    replayed = replay(old_source, recording) if recording else None
    title = title or (_name(old), _name(new))
    report = tables.build(outcome, request, title, notes or {}, accept, replayed)
    report["pictures"] = _whose_weights(outcome, trained_by, source_of(old, old_options))
    exact = next(iter(outcome.comparisons.values()))
    return Result(report, exact.findings, pairing.matching, text, outcome.comparisons, replayed)


def _whose_weights(outcome: "Outcome", trained_by: str, old: Source) -> str:
    """Returns by which weights the pictures of a report are drawn, as part of a sentence."""
    if any(comparison.images for comparison in outcome.comparisons.values()):
        return f"the weights of {trained_by}" if trained_by else "trained weights"
    checkpoint = (old.tf1 or {}).get("checkpoint")
    if checkpoint:
        return f"the weights of {checkpoint}"
    return "the weights that the comparison started from"


def source_of(side: Side, options: Mapping[str, object] | None = None) -> Source:
    """Returns where a program is, as another process can open it.

    Args:
      side: see `compare`.
      options: arguments for its function.

    Raises:
      UserError: it is of no kind that another process can open.
    """
    common: dict[str, Any] = {"options": dict(options or {}), "folder": str(Path.cwd())}
    if isinstance(side, Tf1):
        if side.function is not None:
            raise UserError("a Tf1 with a function must come from a function of a file")
        fields = {
            name: str(v) if isinstance(v, Path) else v
            for name, v in dataclasses.asdict(side).items()
        }
        return Source(tf1=_plain(fields), **common)
    if isinstance(side, Recorded):
        return Source(recording=str(side.folder), **common)
    if isinstance(side, str):
        return Source(target=side, **common)
    if inspect.isfunction(side) and "." not in side.__qualname__:
        return Source(target=f"{inspect.getsourcefile(side)}:{side.__name__}", **common)
    raise UserError(
        f"{side!r} can be run in no process of its own: give a function of a file, or 'port.py:new'"
    )


def _plain(fields: dict[str, Any]) -> dict[str, object]:
    """Values of modes may be numpy's."""
    return {
        name: {k: v.item() if isinstance(v, np.generic) else v for k, v in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in fields.items()
    }


def _name(side: Side) -> str:
    if isinstance(side, Tf1):
        return str(side.meta or side.saved_model or side.frozen or side.recording)
    if isinstance(side, Recorded):
        return str(side.folder)
    return side if isinstance(side, str) else side.__name__


def _unmatched(outcome: "Outcome") -> tuple[str, list[str]]:
    """Returns (message, table) of variables that have no counterpart."""
    from dcgan_v1.migration.matching import candidates

    pairing = outcome.pairing
    ours, theirs = pairing.old.variables, pairing.new.variables
    new_only, missing = pairing.new_only, pairing.missing
    table = []
    for names, own, other, left, side in (
        (new_only, theirs, ours, pairing.matching.old_only, "port"),
        (missing, ours, theirs, new_only, "TF1"),
    ):
        for name in names:
            near = candidates.nearest(name, left or list(other))
            text = ", ".join(f"{n} {other[n].shape}" for n in near)
            table.append(f"{side}: {name} {own[name].shape}; nearest: {text or '-'}")
    message = (
        f"{len(new_only) + len(missing)} variables have no counterpart, {table[0]}; pair them in "
        "a map file (--map), see --write-map"
    )
    return message, table
