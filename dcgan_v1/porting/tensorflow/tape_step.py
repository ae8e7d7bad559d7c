"""The training step of a port in TensorFlow, by gradient tapes, of Keras and tf.Module ports."""

from collections.abc import Callable, Mapping

from dcgan_v1.porting import description as d
from dcgan_v1.porting.tensorflow.tf_ops import Printer
from dcgan_v1.porting.text import step as steps
from dcgan_v1.porting.text.step import Step
from dcgan_v1.porting.text.step_printer import StepPrinter

DRAWS = {
    "RandomUniform": "tf.random.uniform",
    "RandomStandardNormal": "tf.random.normal",
    "TruncatedNormal": "tf.random.truncated_normal",
}
Losses = Mapping[str, Callable[[str, str], str]]  # kind of a node -> (labels, logits) -> expression


class TapeStep(StepPrinter[Printer]):
    """Prints a step.

    Args:
      step: what is printed.
      weight: TF1 variable -> expression.
      floats: expression of the dtype that the port computes in.
      losses: how the framework says losses.
      every: a network's attribute of all its variables, but for states of random numbers.
    """

    decorators = ("@tf.function",)

    def __init__(
        self, step: Step, weight: Callable[[str], str], floats: str, losses: Losses, every: str
    ) -> None:
        super().__init__(step, Printer(step.values, weight, floats))
        self.weight, self.losses, self.every = weight, losses, every

    def variables(self, names: tuple[str, ...]) -> str:
        """Returns an expression of a list of variables."""
        trained = self.step.split(names)
        parts = [f"self.{name}.trainable_variables" for name in trained.networks]
        if trained.rest:
            parts.append(f"[{', '.join(self.weight(v) for v in trained.rest)}]")
        return " + ".join(parts)

    # ---- stages ----

    def _stage(self, number: int) -> list[str]:
        stage = self.stages[number]
        body = self._body(stage.nodes)
        opened = [
            self._entered(self._tape(e, number), e, number)
            for s in self.stages[number:]
            if s.run == stage.run
            for e in s.effects
            if e.kind == "update" and self.step.needs(e) & self.step.made_in(stage)
        ]
        lines = [f"with {', '.join(opened)}:", *(f"    {x}" for x in body)] if opened else body
        for e in stage.effects:  # every gradient is taken before a weight moves
            if e.kind == "update":
                tape, name = self._tape(e, number), self._gradients(e, number)
                losses = [self.printer.operand(x) for x in e.losses]
                loss = losses[0] if len(losses) == 1 else f"[{', '.join(losses)}]"
                lines.append(f"{name} = {tape}.gradient({loss}, {self.variables(e.variables)})")
                lines += _clipped(e, name)
        for effects in steps.together(stage.effects):
            lines += self._moved(effects, number)
        return lines

    def _entered(self, tape: str, effect: d.Effect, number: int) -> str:
        """A tape that an earlier stage opened is gone on with."""
        earlier = any(
            self.step.needs(effect) & self.step.made_in(s)
            for s in self.stages[:number]
            if s.run == self.stages[number].run
        )
        return tape if earlier else f"tf.GradientTape() as {tape}"

    def _tape(self, effect: d.Effect, number: int) -> str:
        updates = self.step.updates(self.stages[number].run)
        return "tape" if len(updates) == 1 else f"{effect.optimizer}_tape_{updates.index(effect)}"

    def _gradients(self, effect: d.Effect, number: int) -> str:
        """The name of an update's gradients: several updates of a run have one each."""
        tape = self._tape(effect, number)
        if tape == "tape":
            is_taken = "gradients" in self.step.values.values()
            return f"{effect.optimizer}_gradients" if is_taken else "gradients"
        run = self.stages[number].run
        of = [e for e in self.step.updates(run) if e.optimizer == effect.optimizer]
        more = f"_{tape.rpartition('_')[2]}" if len(of) > 1 else ""
        return f"{effect.optimizer}_gradients{more}"

    def _moved(self, effects: list[d.Effect], number: int) -> list[str]:
        first = effects[0]
        s, names = first.settings, tuple(v for e in effects for v in e.variables)
        if first.kind == "update":
            gradients = self._gradients(first, number)
            return [f"self.{first.optimizer}.apply({gradients}, {self.variables(names)})"]
        if first.kind == "clip":
            whole = self.step.with_averages(names)
            clipped = f"self.{whole}.{self.every}" if whole else self.variables(names)
            return [
                f"for v in {clipped}:",
                f"    v.assign(tf.clip_by_value(v, {s['low']}, {s['high']}))",
            ]
        network = s["network"]
        copy = f"self.{network}_average.trainable_variables"
        return [
            f"for average, v in zip({copy}, self.{network}.trainable_variables, strict=True):",
            f"    average.assign_sub((1 - {s['decay']}) * (average - v))",
        ]

    # ---- nodes ----

    def _node(self, node: d.Node) -> list[str]:
        made = self.printer.made(node)
        xs = [self.printer.operand(x) for x in node.inputs]
        if node.kind == "gradient":
            lines = ["with tf.GradientTape() as inner:", f"    inner.watch({xs[1]})"]
            lines += [f"    {line}" for line in self._body(node.body)]
            return [*lines, f"{made} = inner.gradient({xs[0]}, {xs[1]})"]
        if node.kind == "call":
            return [steps.call(self.step, node, self.printer)]
        if node.kind == "draw":
            function = DRAWS[node.settings["type"]]
            return self._drawn(node, f"{function}({xs[0]}, dtype={self.printer.floats})")
        if node.kind in self.losses:
            return [f"{made} = {self.losses[node.kind](_labels(node, xs), xs[1])}"]
        return [f"{made} = {self.printer.expression(node)}"]


def _clipped(e: d.Effect, name: str) -> list[str]:
    s = e.settings
    if "clip global norm" in s:
        return [f"{name}, _ = tf.clip_by_global_norm({name}, {s['clip global norm']})"]
    if "clip norm" in s:
        return [f"{name} = [tf.clip_by_norm(g, {s['clip norm']}) for g in {name}]"]
    if "clip value" in s:
        c = s["clip value"]
        return [f"{name} = [tf.clip_by_value(g, -{c}, {c}) for g in {name}]"]
    return []


def _labels(node: d.Node, xs: list[str]) -> str:
    labels = node.inputs[0]
    number = labels.number if isinstance(labels, d.Constant) else None
    if number is None:
        return xs[0]
    if node.kind == "sparse_crossentropy":  # a class for each row
        return f"tf.fill(tf.shape({xs[1]})[:-1], {int(number)})"
    if number in (0, 1):
        return f"tf.{'ones' if number else 'zeros'}_like({xs[1]})"
    return f"{number} * tf.ones_like({xs[1]})"
