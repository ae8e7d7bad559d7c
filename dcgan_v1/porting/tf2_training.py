"""training.py of a tf.Module port: losses, optimisers and the step, in the order of TF1's runs."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting import keras_optimizers, tf2_networks
from dcgan_v1.porting.contents import class_name
from dcgan_v1.porting.step import Step, refused_networks
from dcgan_v1.porting.tape_step import TapeStep

CROSS_ENTROPY = "tf.nn.sigmoid_cross_entropy_with_logits(labels={}, logits={})"
SPARSE = "tf.nn.sparse_softmax_cross_entropy_with_logits(labels={}, logits={})"
SAID = {
    "binary_crossentropy": f"tf.reduce_mean({CROSS_ENTROPY})".format,
    "sparse_crossentropy": f"tf.reduce_mean({SPARSE})".format,
    "mse": "tf.reduce_mean(tf.math.squared_difference({}, {}))".format,
    "sigmoid_crossentropy": CROSS_ENTROPY.format,
}
FLOATS = "self.dtype"


def text(program: d.Program) -> str:
    """Returns the file.

    Raises:
      Refused: it holds what no line is written for.
    """
    refused = refused_networks(program)
    if refused:
        raise d.Refused("; ".join(refused))
    places = {
        variable: f"self.{network.name}.{path.replace('/', '.')}"
        for network in program.networks
        for variable, path in tf2_networks.paths(program, network).items()
    }

    def weight(variable: str) -> str:
        if variable not in places:
            raise d.Refused(f"{variable}, a variable of no network that is trained")
        return places[variable]

    printer = TapeStep(Step(program), weight, FLOATS, SAID)
    lines = ["class Training:", '    """The networks, their optimisers, and one step."""', ""]
    lines += ["    def __init__(self, dtype=tf.float32):", "        self.dtype = dtype"]
    lines += [f"        {x}" for x in built(program)]
    for optimizer in program.optimizers:
        made = keras_optimizers.lines(optimizer, printer.variables(optimizer.variables))
        lines += [f"        {x}" for x in made]
    if program.stages:
        lines += ["", *(f"    {x}" for x in printer.lines())]
    if printer.refused:
        raise d.Refused("; ".join(dict.fromkeys(printer.refused)))
    own = keras_optimizers.classes(program)
    return "\n".join([*_head(program), *(f"{c}\n" for c in own), *lines]) + "\n"


def _head(program: d.Program) -> list[str]:
    names = ", ".join(sorted(class_name(n) for n in program.networks))
    head = ['"""Losses, optimisers and the training step of a TF1 program, in TensorFlow 2."""', ""]
    head += [f"# Not as in TF1: {line}." for line in program.left_out]
    return [
        *head,
        "import keras",
        "import tensorflow as tf",
        "",
        f"from networks import {names}",
        "",
        "",
    ]


def built(program: d.Program, owner: str = "self.") -> list[str]:
    """Returns the lines that make the networks.

    Args:
      program: what is written.
      owner: what stands before their names.
    """
    lines = []
    for network in program.networks:
        for name in (network.name, *network.copies):
            lines.append(f"{owner}{name} = {class_name(network)}(dtype)")
        for copy in network.copies:
            pairs = f"{owner}{copy}.variables, {owner}{network.name}.variables"
            lines.append(f"for average, v in zip({pairs}, strict=True):")
            lines.append("    average.assign(v)")
    return lines
