"""training.py of a Keras port: losses, optimisers and the step, in the order of TF1's runs."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import networks as keras_networks
from dcgan_v1.porting.tensorflow import optimizers as keras_optimizers
from dcgan_v1.porting.tensorflow.tape_step import TapeStep
from dcgan_v1.porting.text import contents, training_file
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text.contents import attribute_of, class_name
from dcgan_v1.porting.text.step import Step, refuse_networks, weight_of

LOSSES = {
    "binary_crossentropy": ("cross_entropy", "BinaryCrossentropy(from_logits=True)"),
    "sparse_crossentropy": ("sparse_entropy", "SparseCategoricalCrossentropy(from_logits=True)"),
    "categorical_crossentropy": (
        *("categorical_entropy", "CategoricalCrossentropy(from_logits=True)"),
    ),
    "mse": ("mean_squared", "MeanSquaredError()"),
}
SAID = {
    "binary_crossentropy": "cross_entropy({}, {})".format,
    "sparse_crossentropy": "sparse_entropy({}, {})".format,
    "categorical_crossentropy": "categorical_entropy({}, {})".format,
    "mse": "mean_squared({}, {})".format,
    "sigmoid_crossentropy": (
        "tf.nn.sigmoid_cross_entropy_with_logits(labels={}, logits={})".format
    ),
}
FLOATS = "keras.config.floatx()"
PARTS = {"mean": "moving_mean", "variance": "moving_variance"}


def text(program: d.Program) -> str:
    """Returns the file.

    Raises:
      Refused: it holds what Keras has no words for.
    """
    refuse_networks(program)
    printer = TapeStep(Step(program), weight_of(_places(program)), FLOATS, SAID, "weights")
    kinds = {n.kind for s in program.stages for n in d.walk(s.nodes)}
    losses = [f"{name} = keras.losses.{made}" for k, (name, made) in LOSSES.items() if k in kinds]
    made = construction(program)
    for optimizer in program.optimizers:
        made += keras_optimizers.lines(optimizer, printer.variables(optimizer.variables))
    parts = training_file.Parts("Keras", keras_networks.own_layers(program), [])
    parts.blocks += ["\n".join(losses) + "\n"] if losses else []
    parts.blocks += keras_optimizers.classes(program)
    parts.made, parts.step = made, printer.lines() if program.stages else []
    parts.refused = printer.refused
    return training_file.text(program, parts)


def construction(program: d.Program, owner: str = "self.") -> list[str]:
    """Returns the lines that make and build the networks.

    Args:
      program: what is written.
      owner: what stands before their names.
    """
    lines = []
    for network in program.networks:
        for name in (network.name, *network.copies):
            lines.append(f'{owner}{name} = {class_name(network)}(name="{name}")')
            lines += [f"{owner}{name}{built}" for built in _built(network)]
        for copy in network.copies:
            lines.append(f"{owner}{copy}.set_weights({owner}{network.name}.get_weights())")
    return lines


def _built(network: d.Network) -> list[str]:
    """Returns the calls that build all of a network's layers."""
    lines: list[str] = []
    known: set[tuple[str, ...] | None] = set()
    for function in network.functions:
        keys = {naming.key_of(n) for n in d.walk(function.nodes)} - {None}
        if keys <= known and lines:
            continue
        known |= keys
        inputs = function.inputs
        rows = next((v.shape[0] for v in inputs if v.shape and v.shape[0]), 1)
        method = "" if function.name == "call" else f".{function.name}"
        lines.append(f"{method}({', '.join(zeros(v, rows) for v in inputs)})")
    return lines


def zeros(value: d.Value, rows: int) -> str:
    """Returns the expression of an input that a network is built with, of that many rows where the
    graph leaves them open."""
    shape = [(1 if i else rows) if n is None else n for i, n in enumerate(value.shape or ())]
    return f"tf.zeros({shape}, {FLOATS})"


def _places(program: d.Program) -> dict[str, str]:
    """TF1 variable -> expression in the port."""
    places: dict[str, str] = {}
    for network in program.networks:
        own = contents.of(program, network)
        for attribute, node in own.layers.items():
            for part, variable in node.variables.items():
                places[variable] = f"self.{network.name}.{attribute}.{PARTS.get(part, part)}"
        for variable in network.variables:
            places.setdefault(variable, f"self.{network.name}.{attribute_of(network, variable)}")
    return places
