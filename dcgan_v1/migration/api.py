"""Compares any TF1 program with any TF2, Keras or PyTorch port of it.

    result = compare("port.py:old", "port.py:new", inputs="batch.npz", steps=10)
    assert result, result.verdict

`docs/guides/compare.md` has a worked example. The sides run in processes of their
own; this one imports no framework.
"""

import dataclasses
import inspect
import tempfile
from pathlib import Path

from dcgan_v1.errors import UserError
from dcgan_v1.migration.specs import Keras, Tf1, Torch

__all__ = ["Keras", "Result", "Tf1", "Torch", "compare"]

CHECKED = (1, 3, 10)  # steps after which the state is looked at, and the last


@dataclasses.dataclass
class Result:
    """What a comparison found; true where both are the same function.

    Attributes:
      report: dict, see `tables.build`.
      findings: list of `diagnosis.Finding`: where the sides part, and why.
      matching: `matching.Matching`.
      map: text of a map file with everything that was worked out.
      pairs: dtype -> `comparing.Pair`, for the report's pictures.
    """

    report: dict
    findings: list
    matching: object
    map: str
    pairs: dict

    def __bool__(self):
        return self.report["same"]

    @property
    def verdict(self):
        """The verdict as text, the findings with it."""
        from dcgan_v1.migration.reporting import report

        return report.verdict(self.report)

    def save(self, folder):
        """Writes report.json and report.html into a folder."""
        from dcgan_v1.migration.reporting import report

        report.write(self.report, self.pairs, folder)


class Unmatched(UserError):
    """Variables that nothing stands for. `table` has a line for each."""

    def __init__(self, message, table, text):
        super().__init__(message)
        self.table, self.map = table, text


def compare(
    old,
    new,
    *,
    inputs=None,
    map=None,
    steps=3,
    dtype="float64",
    batch_size=None,
    seed=0,
    timing_steps=0,
    trust=False,
    start=None,
    old_options=None,
    new_options=None,
    title=None,
    told=None,
    progress=lambda: None,
):
    """Runs a TF1 program and a port side by side.

    Args:
      old: 'file.py:function' whose function returns a `Tf1`, such a function of a file,
        or a `Tf1` (without `function`).
      new: the same of a function that returns a `Keras` or a `Torch`.
      inputs: path of an .npz, or name -> array, named as the placeholders: [N, ...] for
        every step or [steps, N, ...]. What is left out is drawn.
      map: path of a map file (see `map_file`), or a `map_file.Map`.
      steps: training steps; the state is looked at after 1, 3, 10 and the last.
      dtype: 'float64'; or 'float32', which compares in both, with TF1's own noise as
        the measure in float32.
      batch_size: rows of what is drawn where the graph leaves them open; 16 by default.
      seed: of what is drawn.
      timing_steps: steps in each of 6 rounds of timing; 0 for none.
      trust: run a graph that holds ops which touch the machine.
      start: name -> array that the TF1 side starts from instead of its own values.
      old_options, new_options: arguments for the two functions.
      title: (name of the old side, name of the new one) for the report.
      told: text -> text for the report's environment.
      progress: called after each stage.

    Returns:
      Result.

    Raises:
      UserError: they cannot be compared. `Unmatched` where variables have no
        counterpart.
    """
    from dcgan_v1.migration.comparison import batches, comparing
    from dcgan_v1.migration.matching import map_file
    from dcgan_v1.migration.recordings import replaying
    from dcgan_v1.migration.reporting import tables

    if steps < 1:
        raise UserError("steps must be at least 1")
    given = (
        map if isinstance(map, map_file.Map) else (map_file.read(map) if map else map_file.Map())
    )
    if inputs is not None and not isinstance(inputs, dict):
        inputs = batches.read(inputs)
    old_spec = {
        "trust": trust,
        "runs": given.runs,
        "training": given.training,
        "inference": given.inference,
        **spec_of(old, old_options),
    }
    dtypes = ["float32", "float64"] if dtype == "float32" else ["float64"]
    with tempfile.TemporaryDirectory(prefix="compare_") as folder:
        job = comparing.Job(
            old=old_spec,
            new=spec_of(new, new_options),
            map=given,
            inputs=inputs or {},
            steps=steps,
            checked=sorted({*CHECKED, steps} & set(range(1, steps + 1))),
            batch_size=batch_size,
            seed=seed,
            timing_steps=timing_steps,
            folder=Path(folder),
            start=start,
        )
        pairs, refused = comparing.run(job, dtypes, progress)
    exact = next(iter(pairs.values()))
    text = map_file.text(exact.matching, exact.bound, exact.ours["runs"], given)
    if exact.matching.new_only or exact.missing():
        raise Unmatched(*_unmatched(exact), text)
    title = title or (_name(old), _name(new))
    found = tables.build(job, pairs, refused, title, told or {})
    found["replay"] = None
    if exact.ours["recording"]:
        found["replay"] = replaying.replay(old_spec, exact.ours["recording"])
    findings = exact.findings
    return Result(found, findings, exact.matching, text, pairs)


def spec_of(side, options):
    """What `worker.open_side` takes of a side."""
    spec = {"options": options or {}, "folder": str(Path.cwd())}
    if isinstance(side, Tf1):
        if side.function is not None:
            raise UserError("a Tf1 with a function must come from a function of a file")
        paths = {k: str(v) for k, v in vars(side).items() if isinstance(v, Path)}
        return {**spec, "tf1": dataclasses.asdict(side) | paths}
    if isinstance(side, str):
        return {**spec, "target": side}
    if inspect.isfunction(side) and "." not in side.__qualname__:
        return {**spec, "target": f"{inspect.getsourcefile(side)}:{side.__name__}"}
    raise UserError(
        f"{side!r} can be run in no process of its own: give a function of a file, or 'port.py:new'"
    )


def _name(side):
    if isinstance(side, Tf1):
        return str(side.meta or side.saved_model or side.frozen or side.recording)
    return side if isinstance(side, str) else side.__name__


def _unmatched(pair):
    """Returns (message, table) of variables that have no counterpart."""
    from dcgan_v1.migration.matching import candidates

    ours, theirs = pair.ours["variables"], pair.theirs["variables"]
    missing, table = pair.missing(), []
    for names, own, others, side in (
        (pair.matching.new_only, theirs, pair.matching.old_only, "port"),
        (missing, ours, pair.matching.new_only, "TF1"),
    ):
        for name in names:
            other = ours if side == "port" else theirs
            near = candidates.nearest(name, others or list(other))
            said = ", ".join(f"{n} {other[n]['shape']}" for n in near)
            table.append(f"{side}: {name} {own[name]['shape']}; nearest: {said or '-'}")
    count = len(pair.matching.new_only) + len(missing)
    message = (
        f"{count} variables have no counterpart, {table[0]}; pair them in a map file "
        "(--map), see --write-map"
    )
    return message, table
