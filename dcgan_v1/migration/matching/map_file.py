"""The map file: what a user knows better than the programs tell. TOML.

[inputs]                      # argument of the port's step = TF1's input
images = "x"
[training]                    # values of placeholders that say the mode
keep_prob = 0.5
[inference]
keep_prob = 1.0
[step]
runs = [["d_train"], ["g_train"]]
dropouts = ["d_1/dropout/random_uniform", "d/dropout/random_uniform"]  # as the port calls them
[forward]                     # model = inputs it is called with in inference
generator = ["z"]
[optimizers]                  # TF1's = the port's
Adam = "d"
[[variables]]
tf1 = "generator/w"
port = "generator/dense/kernel"
layout = "torch dense, rows 128x7x7"
"""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dcgan_v1.errors import UserError

if TYPE_CHECKING:
    from dcgan_v1.migration.matching.matching import Matching

TABLES = ("inputs", "training", "inference", "step", "forward", "optimizers", "variables")


class VariableRow(NamedTuple):
    """A pair of variables: their names, and the layout of the port's, or ''."""

    tf1: str
    port: str
    layout: str = ""


@dataclass
class Map:
    """What a map file holds, see the module's text.

    Attributes:
      inputs: argument of the port's step -> TF1's input.
      training, inference: placeholder -> value in that mode.
      runs: of one training step, or None.
      dropouts: TF1's random numbers in the order in which the port's dropouts take them.
      forward: model -> inputs that it is called with in inference.
      optimizers: TF1's -> the port's.
      variables: pairs.
    """

    inputs: dict[str, str] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    inference: dict[str, Any] = field(default_factory=dict)
    runs: list[list[str]] | None = None
    dropouts: list[str] = field(default_factory=list)
    forward: dict[str, list[str]] = field(default_factory=dict)
    optimizers: dict[str, str] = field(default_factory=dict)
    variables: list[VariableRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.variables = [VariableRow(*row) for row in self.variables]


def read(path: str | Path) -> Map:
    """Returns the Map of a file.

    Raises:
      UserError: it cannot be read, is not TOML, or has what no map has.
    """
    if Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir()):
        raise UserError(f"{path} is a device or a pipe: --map takes a file")  # it may never end
    try:
        tables = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}") from error
    _refuse_unknown(f"{path} has", "a map has", tables, TABLES, "[{}]")
    for table in TABLES[:-1]:
        if not isinstance(tables.get(table, {}), dict):
            raise UserError(f"{path}: {table} must be a table, [{table}]")
    for table, kind in (("inputs", str), ("optimizers", str), ("forward", list)):
        for key, value in tables.get(table, {}).items():
            if not isinstance(value, kind):
                form = "a list of names" if kind is list else "a name"
                raise UserError(f"{path}: {key} in [{table}] must be {form}")
    return Map(
        inputs=tables.get("inputs", {}),
        training=tables.get("training", {}),
        inference=tables.get("inference", {}),
        runs=_runs(path, tables.get("step", {})),
        dropouts=_dropouts(path, tables.get("step", {})),
        forward=tables.get("forward", {}),
        optimizers=tables.get("optimizers", {}),
        variables=_variables(path, tables.get("variables", [])),
    )


def _refuse_unknown(
    has: str, lead: str, keys: Iterable[str], names: Sequence[str], form: str = "{}"
) -> None:
    """Refuses what is not one of some names: a typing error would count for nothing."""
    unknown = [key for key in keys if key not in names]
    if unknown:
        every = ", ".join(map(form.format, names))
        raise UserError(f"{has} {form.format(unknown[0])}; {lead} {every}")


def _runs(path: str | Path, step: dict[str, Any]) -> list[list[str]] | None:
    _refuse_unknown(f"{path}: [step] has", "it takes", step, ("runs", "dropouts"))
    runs = step.get("runs")
    if runs is None:
        return None
    is_list = isinstance(runs, list) and all(isinstance(run, list) for run in runs)
    if not is_list or not all(isinstance(name, str) for run in runs for name in run):
        raise UserError(f'{path}: [step] runs is a list of lists: [["d_train"], …]')
    return list(runs)


def _dropouts(path: str | Path, step: dict[str, Any]) -> list[str]:
    names = step.get("dropouts", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{path}: [step] dropouts is a list of names")
    return list(names)


def _variables(path: str | Path, entries: Any) -> list[VariableRow]:
    if not isinstance(entries, list):
        raise UserError(f"{path}: variables are tables of their own, [[variables]]")
    rows = []
    for row in entries:
        if not isinstance(row, dict) or not {"tf1", "port"} <= row.keys():
            raise UserError(f"{path}: every [[variables]] needs tf1 and port")
        _refuse_unknown(f"{path}: a [[variables]] has", "it takes", row, VariableRow._fields)
        rows.append(VariableRow(**{key: str(value) for key, value in row.items()}))
    return rows


def text(matching: "Matching", bound: dict[str, str], runs: list[list[str]], source: Map) -> str:
    """Returns a map file that says what was worked out.

    Args:
      matching: a `matching.Matching`.
      bound: argument of the port's step -> TF1's input.
      runs: of one training step.
      source: the Map that was read, whose modes are kept.
    """
    lines = ["# What the comparison worked out. A row that stands here always counts."]
    lines += _table("inputs", bound)
    lines += _table("training", source.training)
    lines += _table("inference", source.inference)
    lines += _table("forward", source.forward)
    lines += _table("optimizers", matching.optimizers)
    step = {"runs": runs, "dropouts": source.dropouts}
    said = [f"{name} = {json.dumps(value)}" for name, value in step.items() if value]
    lines += ["", "[step]", *said] if said else []
    for row in matching.rows:
        how = row.by
        if row.distance is not None and row.by == "gradients":
            how += f", {row.distance:.1e} apart"
            if row.runner_up is not None:
                how += f", the next {row.runner_up:.1e}"
        lines += [
            "",
            f"[[variables]]  # by {how}",
            f"tf1 = {json.dumps(row.old)}",
            f"port = {json.dumps(row.new)}",
        ]
        if layout := row.layout.text():
            lines.append(f"layout = {json.dumps(layout)}")
    return "\n".join(lines) + "\n"


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    if not values:
        return []
    return ["", f"[{name}]"] + [
        f"{json.dumps(key)} = {json.dumps(value)}" for key, value in values.items()
    ]
