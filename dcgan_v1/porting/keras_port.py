"""port.py of a Keras port: both sides, as `compare.py` takes them."""

import json

from dcgan_v1.porting import description as d
from dcgan_v1.porting import names
from dcgan_v1.porting.keras_networks import class_name
from dcgan_v1.porting.keras_training import zeros

TRAINED = {"kernel", "bias", "gamma", "beta"}


def text(program: d.Program, old: str) -> str:
    """Returns the file.

    Args:
      old: the call of `Tf1` that opens the original.
    """
    here = "from pathlib import Path\n\n" if "HERE" in old else ""
    place = "\nHERE = Path(__file__).resolve().parent\n" if here else ""
    return f'''"""Both sides: scripts/compare.py port.py:old port.py:new --map map.toml."""

{here}from dcgan_v1.compare import Keras, Tf1
{place}

def old():
    return {old}


def new():
{_new(program) if program.stages else _networks_alone(program)}'''


def _new(program: d.Program) -> str:
    models = [name for n in program.networks for name in (n.name, *n.copies)]
    models_text = ", ".join(f'"{m}": training.{m}' for m in models)
    optimizers = ", ".join(f'"{o.name}": training.{o.name}' for o in program.optimizers)
    return f"""\
    from training import Training

    training = Training()
    return Keras(
        models={{{models_text}}},
        optimizers={{{optimizers}}},
        step=training.train_step,
    )
"""


def _networks_alone(program: d.Program) -> str:
    """The networks of a program without a training step, and what they are called with."""
    classes = ", ".join(sorted(class_name(n) for n in program.networks))
    lines = ["import keras", "import tensorflow as tf", "", f"from networks import {classes}", ""]
    for n in program.networks:
        shapes = ", ".join(zeros(v) for v in n.functions[0].inputs)
        lines += [f'{n.name} = {class_name(n)}(name="{n.name}")', f"{n.name}({shapes})"]
    models = ", ".join(f'"{n.name}": {n.name}' for n in program.networks)
    forward = ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in _forward(program).items())
    lines += [f"return Keras(models={{{models}}}, forward={{{forward}}})"]
    return "".join(f"    {line}".rstrip() + "\n" for line in lines)


def _forward(program: d.Program) -> dict[str, list[str]]:
    """Network -> the inputs that it is called with, where it is called with these alone."""
    fed = {n.value.name: n.value.name.partition(".")[0] for n in program.inputs}
    forward: dict[str, list[str]] = {}
    for node in program.forward:
        names = [fed.get(x.name) for x in node.inputs if isinstance(x, d.Value)]
        known = [n for n in names if n is not None]
        if node.kind == "call" and len(known) == len(node.inputs):
            forward.setdefault(node.settings["network"], known)
    return forward


def map_text(program: d.Program) -> str:
    """Returns the map that says which argument is which of TF1's inputs."""
    lines = ["[inputs]"]
    for node in (*program.inputs, *program.draws):
        lines.append(f"{node.value.name.partition('.')[0]} = {json.dumps(node.ops[0])}")
    lines += ["", "[optimizers]"]
    lines += [f"{json.dumps(o.tf1)} = {json.dumps(o.name)}" for o in program.optimizers]
    for tf1, port in _variables(program):
        lines += ["", "[[variables]]", f"tf1 = {json.dumps(tf1)}", f"port = {json.dumps(port)}"]
    return "\n".join(lines) + "\n"


def _variables(program: d.Program) -> list[tuple[str, str]]:
    """(TF1's name, the port's) of what layers train, and of its averages."""
    rows: dict[str, str] = {}
    for network in program.networks:
        attributes = names.layers(network)
        for node in (n for f in network.functions for n in d.walk(f.nodes)):
            key = names.key_of(node)
            if key is None or node.kind not in d.LAYERS or node.kind == "lstm":
                continue  # Keras has an LSTM's kernel in two: the comparison finds them
            for part in TRAINED & node.variables.keys():
                own = node.variables[part]
                rows[own] = f"{network.name}/{attributes[key]}/{part}"
                for instance, copies in network.copies.items():
                    if own in copies:
                        rows[copies[own]] = f"{instance}/{attributes[key]}/{part}"
    return sorted(rows.items())
