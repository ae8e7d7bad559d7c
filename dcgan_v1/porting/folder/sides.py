"""port.py and map.toml of a port: both sides, as `compare.py` takes them."""

import json

from dcgan_v1.porting import description as d
from dcgan_v1.porting.targets import Target
from dcgan_v1.porting.text.contents import class_name


def text(program: d.Program, old: str, target: Target) -> str:
    """Returns port.py.

    Args:
      program: what is written.
      old: the call of `Tf1` that opens the original.
      target: the framework.
    """
    here = "from pathlib import Path\n\n" if "HERE" in old else ""
    place = "\nHERE = Path(__file__).resolve().parent\n" if here else ""
    argument = 'dtype="float32"' if target.takes_dtype else ""
    lines = _new(program, target) if program.stages else _networks_alone(program, target)
    return f'''"""Both sides: scripts/compare.py port.py:old port.py:new --map map.toml."""

{here}from dcgan_v1.compare import {", ".join(sorted((target.kind, "Tf1")))}
{place}

def old():
    return {old}


def new({argument}):
{"".join(f"    {line}".rstrip() + chr(10) for line in lines)}'''


def _new(program: d.Program, target: Target) -> list[str]:
    models = [name for n in program.networks for name in (n.name, *n.copies)]
    pairs = ", ".join(f'"{m}": training.{m}' for m in models)
    optimizers = ", ".join(f'"{o.name}": training.{o.name}' for o in program.optimizers)
    return [
        "from training import Training",
        "",
        f"training = Training({'dtype' if target.takes_dtype else ''})",
        f"return {target.kind}(",
        f"    models={{{pairs}}},",
        f"    optimizers={{{optimizers}}},",
        "    step=training.train_step,",
        ")",
    ]


def _networks_alone(program: d.Program, target: Target) -> list[str]:
    """The networks of a program without a training step, and what they are called with."""
    classes = ", ".join(sorted(class_name(n) for n in program.networks))
    lines = [*target.imports.splitlines(), f"from networks import {classes}", ""]
    lines += target.construction(program, "")
    models = ", ".join(f'"{n.name}": {n.name}' for n in program.networks)
    forward = ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in forward_of(program).items())
    return [*lines, f"return {target.kind}(models={{{models}}}, forward={{{forward}}})"]


def forward_of(program: d.Program) -> dict[str, list[str]]:
    """Network -> the inputs that it is called with, where it is called with these alone."""
    fed = {n.value.name: n.value.name.partition(".")[0] for n in program.inputs}
    forward: dict[str, list[str]] = {}
    for node in program.forward:
        names = [fed.get(x.name) for x in node.inputs if isinstance(x, d.Value)]
        known = [n for n in names if n is not None]
        if node.kind == "call" and len(known) == len(node.inputs):
            forward.setdefault(node.settings["network"], known)
    return forward


def map_text(program: d.Program, target: Target) -> str:
    """Returns the map that says which argument is which of TF1's inputs, and which variable which.

    Args:
      program: what is written.
      target: the framework.
    """
    lines = ["[inputs]"]
    for node in (*program.inputs, *program.draws):
        lines.append(f"{node.value.name.partition('.')[0]} = {json.dumps(node.ops[0])}")
    if program.dropouts:
        lines += ["", "[step]", f"dropouts = {json.dumps(program.dropouts)}"]
    lines += ["", "[optimizers]"]
    lines += [f"{json.dumps(o.tf1)} = {json.dumps(o.name)}" for o in program.optimizers]
    for tf1, port in _variables(program, target):
        lines += ["", "[[variables]]", f"tf1 = {json.dumps(tf1)}", f"port = {json.dumps(port)}"]
    return "\n".join(lines) + "\n"


def _variables(program: d.Program, target: Target) -> list[tuple[str, str]]:
    """(TF1's name, the port's), of copies too."""
    rows: dict[str, str] = {}
    for network in program.networks:
        for variable, path in target.paths(program, network).items():
            rows[variable] = f"{network.name}/{path}"
            for instance, copies in network.copies.items():
                if variable in copies:
                    rows[copies[variable]] = f"{instance}/{path}"
    return sorted(rows.items())
