"""port.py of a Keras port: both sides, as `compare.py` takes them."""

import json

from dcgan_v1.porting import description as d
from dcgan_v1.porting import names

TRAINED = {"kernel", "bias", "gamma", "beta"}


def text(program: d.Program, old: str) -> str:
    """Returns the file.

    Args:
      old: the call of `Tf1` that opens the original.
    """
    models = [name for n in program.networks for name in (n.name, *n.copies)]
    models_text = ", ".join(f'"{m}": training.{m}' for m in models)
    optimizers = ", ".join(f'"{o.name}": training.{o.name}' for o in program.optimizers)
    return f'''"""Both sides: scripts/compare.py port.py:old port.py:new --map map.toml."""

from dcgan_v1.compare import Keras, Tf1

from training import Training


def old():
    return {old}


def new():
    training = Training()
    return Keras(
        models={{{models_text}}},
        optimizers={{{optimizers}}},
        step=training.train_step,
    )
'''


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
            if key is None or node.kind not in d.LAYERS:
                continue
            for part in TRAINED & node.variables.keys():
                own = node.variables[part]
                rows[own] = f"{network.name}/{attributes[key]}/{part}"
                for instance, copies in network.copies.items():
                    if own in copies:
                        rows[copies[own]] = f"{instance}/{attributes[key]}/{part}"
    return sorted(rows.items())
