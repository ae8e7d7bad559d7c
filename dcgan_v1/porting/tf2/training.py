"""training.py of a tf.Module port: losses, optimisers and the step, in the order of TF1's runs."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.tensorflow import optimizers as keras_optimizers
from dcgan_v1.porting.tensorflow.tape_step import TapeStep
from dcgan_v1.porting.text import training_file
from dcgan_v1.porting.text.contents import class_name
from dcgan_v1.porting.text.step import Step, places, refuse_networks, weight_of
from dcgan_v1.porting.tf2 import networks as tf2_networks

CROSS_ENTROPY = "tf.nn.sigmoid_cross_entropy_with_logits(labels={}, logits={})"
SPARSE = "tf.nn.sparse_softmax_cross_entropy_with_logits(labels={}, logits={})"
SOFTMAX = "tf.nn.softmax_cross_entropy_with_logits(labels={}, logits={})"
SAID = {
    "binary_crossentropy": f"tf.reduce_mean({CROSS_ENTROPY})".format,
    "sparse_crossentropy": f"tf.reduce_mean({SPARSE})".format,
    "categorical_crossentropy": f"tf.reduce_mean({SOFTMAX})".format,
    "mse": "tf.reduce_mean(tf.math.squared_difference({}, {}))".format,
    "sigmoid_crossentropy": CROSS_ENTROPY.format,
}
FLOATS = "self.dtype"


def text(program: d.Program) -> str:
    """Returns the file.

    Raises:
      Refused: it holds what no line is written for.
    """
    refuse_networks(program)
    weight = weight_of(places(program, tf2_networks.paths))
    printer = TapeStep(Step(program), weight, FLOATS, SAID, "variables")
    made = ["self.dtype = dtype", *construction(program)]
    for optimizer in program.optimizers:
        made += keras_optimizers.lines(optimizer, printer.variables(optimizer.variables))
    step = printer.lines() if program.stages else []
    own = tf2_networks.own_layers(program)
    parts = training_file.Parts("TensorFlow 2", own, keras_optimizers.classes(program))
    parts.arguments = ", dtype=tf.float32"
    parts.made, parts.step, parts.refused = made, step, printer.refused
    return training_file.text(program, parts)


def construction(program: d.Program, owner: str = "self.") -> list[str]:
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
