"""port.py of a Keras port: both sides, as `compare.py` takes them."""

import json

from dcgan_v1.porting import description as d


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
    return "\n".join(lines) + "\n"
