"""The map file: what a user knows better than the programs tell. TOML.

[inputs]                      # argument of the port's step = TF1's input
images = "x"
[training]                    # values of placeholders that say the mode
keep_prob = 0.5
[inference]
keep_prob = 1.0
[step]
runs = [["d_train"], ["g_train"]]
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
from dataclasses import dataclass, field
from pathlib import Path

from dcgan_v1.errors import UserError

TABLES = ("inputs", "training", "inference", "step", "forward", "optimizers", "variables")


@dataclass
class Map:
    """What a map file holds, see the module's text.

    Attributes:
      variables: [(TF1's name, the port's, layout or '')].
      runs: of one training step, or None.
    """

    inputs: dict = field(default_factory=dict)
    training: dict = field(default_factory=dict)
    inference: dict = field(default_factory=dict)
    runs: list | None = None
    forward: dict = field(default_factory=dict)
    optimizers: dict = field(default_factory=dict)
    variables: list = field(default_factory=list)


def read(path):
    """Returns the Map of a file.

    Raises:
      UserError: it cannot be read, is no TOML, or has what no map has.
    """
    try:
        tables = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no TOML: {error}") from error
    unknown = [name for name in tables if name not in TABLES]
    if unknown:
        raise UserError(
            f"{path} has [{unknown[0]}]; a map has {', '.join(f'[{t}]' for t in TABLES)}"
        )
    rows = []
    for row in tables.get("variables", []):
        if not isinstance(row, dict) or not {"tf1", "port"} <= row.keys():
            raise UserError(f"{path}: every [[variables]] needs tf1 and port")
        rows.append((str(row["tf1"]), str(row["port"]), str(row.get("layout", ""))))
    for table in TABLES[:-1]:
        if not isinstance(tables.get(table, {}), dict):
            raise UserError(f"{path}: {table} must be a table, [{table}]")
    for table, kind in (("inputs", str), ("optimizers", str), ("forward", list)):
        for key, value in tables.get(table, {}).items():
            if not isinstance(value, kind):
                said = "a list of names" if kind is list else "a name"
                raise UserError(f"{path}: {key} in [{table}] must be {said}")
    runs = tables.get("step", {}).get("runs")
    if runs is not None and not (
        isinstance(runs, list)
        and all(isinstance(run, list) and all(isinstance(n, str) for n in run) for run in runs)
    ):
        raise UserError(f'{path}: [step] runs is a list of lists: [["d_train"], …]')
    return Map(
        inputs=tables.get("inputs", {}),
        training=tables.get("training", {}),
        inference=tables.get("inference", {}),
        runs=runs,
        forward=tables.get("forward", {}),
        optimizers=tables.get("optimizers", {}),
        variables=rows,
    )


def text(matching, bound, runs, given):
    """Returns a map file that says what was worked out.

    Args:
      matching: a `matching.Matching`.
      bound: argument of the port's step -> TF1's input.
      runs: of one training step.
      given: the Map that was read, whose modes are kept.
    """
    lines = ["# What the comparison worked out. A row that stands here always counts."]
    lines += _table("inputs", bound)
    lines += _table("training", given.training)
    lines += _table("inference", given.inference)
    lines += _table("forward", given.forward)
    lines += _table("optimizers", matching.optimizers)
    if runs:
        lines += ["", "[step]", f"runs = {json.dumps(runs)}"]
    for row in matching.rows:
        said = row.by
        if row.distance is not None and row.by == "gradients":
            said += f", {row.distance:.1e} apart"
            if row.runner_up is not None:
                said += f", the next {row.runner_up:.1e}"
        lines += [
            "",
            f"[[variables]]  # by {said}",
            f"tf1 = {json.dumps(row.old)}",
            f"port = {json.dumps(row.new)}",
        ]
        if layout := row.layout.text():
            lines.append(f"layout = {json.dumps(layout)}")
    return "\n".join(lines) + "\n"


def _table(name, values):
    if not values:
        return []
    return ["", f"[{name}]"] + [
        f"{json.dumps(key)} = {json.dumps(value)}" for key, value in values.items()
    ]
