"""training.py of a Keras port: losses, optimisers and the step, in the order of TF1's runs."""

from typing import Any

from dcgan_v1.porting import description as d
from dcgan_v1.porting import names as naming
from dcgan_v1.porting import tf_ops
from dcgan_v1.porting.keras_networks import attribute_of, class_name, has_sets

LOSSES = {
    "binary_crossentropy": ("cross_entropy", "BinaryCrossentropy(from_logits=True)"),
    "sparse_crossentropy": ("sparse_entropy", "SparseCategoricalCrossentropy(from_logits=True)"),
    "mse": ("mean_squared", "MeanSquaredError()"),
}
PARTS = {"mean": "moving_mean", "variance": "moving_variance"}
DRAWS = {
    "RandomUniform": "tf.random.uniform({shape}, dtype=keras.config.floatx())",
    "RandomStandardNormal": "tf.random.normal({shape}, dtype=keras.config.floatx())",
    "TruncatedNormal": "tf.random.truncated_normal({shape}, dtype=keras.config.floatx())",
}

MOMENTUM = '''\
class Momentum(keras.optimizers.Optimizer):
    """TF1's momentum: it sums gradients, where Keras's SGD sums steps. While the rate changes these
    are not the same."""

    def __init__(self, learning_rate, momentum):
        super().__init__(learning_rate)
        self.momentum = momentum

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.accumulators = [self.add_variable_from_reference(v, "accum") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        accumulator = self.accumulators[self._get_variable_index(variable)]
        accumulator.assign(self.momentum * accumulator + gradient)
        variable.assign_sub(tf.cast(learning_rate, variable.dtype) * accumulator)
'''


def text(program: d.Program) -> str:
    """Returns the file."""
    writer = _Writer(program)
    body = writer.body()
    kinds = {n.kind for s in program.stages for n in d.walk(s.nodes)}
    losses = [f"{name} = keras.losses.{made}" for k, (name, made) in LOSSES.items() if k in kinds]
    classes = ", ".join(sorted(class_name(n) for n in program.networks))
    head = ['"""Losses, optimisers and the training step of a TF1 program, in Keras."""', ""]
    head += [f"# Not as in TF1: {line}." for line in program.left_out]
    head += ["import keras", "import tensorflow as tf", "", f"from networks import {classes}", ""]
    if any(o.kind == "Momentum" and o.schedule for o in program.optimizers):
        losses += ["", "", MOMENTUM]
    return "\n".join([*head, *losses, *([""] if losses else []), "", *body]) + "\n"


class _Writer:
    def __init__(self, program: d.Program) -> None:
        self.program = program
        self.places = _places(program)
        inputs = {n.value.name: n.value.name.partition(".")[0] for n in program.inputs}
        self.draws = {n.value.name: n.value.name.partition(".")[0] for n in program.draws}
        self.fixed = inputs | self.draws
        self.inputs = inputs
        self.lines: list[str] = []

    def weight(self, variable: str) -> str:
        """Returns the expression of a variable."""
        if variable not in self.places:
            raise d.Refused(f"{variable}, a variable of no network that is trained")
        return self.places[variable]

    def body(self) -> list[str]:
        """Returns the class."""
        p = self.program
        lines = ["class Training:", '    """The networks, their optimisers, and one step."""', ""]
        lines += ["    def __init__(self):"]
        for network in p.networks:
            if not network.functions:
                raise d.Refused(f"{network.name}: its variables are trained, and it has no layers")
            shapes = [zeros(v) for v in network.functions[0].inputs]
            for name in (network.name, *network.copies):
                lines.append(f'        self.{name} = {class_name(network)}(name="{name}")')
                lines.append(f"        self.{name}({', '.join(shapes)})")
            lines += [
                f"        self.{copy}.set_weights(self.{network.name}.get_weights())"
                for copy in network.copies
            ]
        for optimizer in p.optimizers:
            lines += self._optimizer(optimizer)
        if not p.stages:
            return lines
        words = [*self.inputs.values(), *(f"{name}=None" for name in self.draws.values())]
        lines += ["", "    @tf.function", f"    def train_step(self, {', '.join(words)}):"]
        everything = [n for s in p.stages for n in s.nodes]
        kept = [v.name for v in p.losses.values()]
        wished = {v.name: name for name, v in p.losses.items()}
        self.values = naming.allocate(everything, self.fixed, kept, wished)
        self.printer = tf_ops.Printer(self.values, self.weight)
        for i in range(len(p.stages)):
            lines += [f"        {line}" for line in self._stage(i)]
        returned = ", ".join(f'"{k}": {self.values[v.name]}' for k, v in p.losses.items())
        lines.append(f"        return {{{returned}}}")
        return lines

    # ---- optimisers ----

    def _optimizer(self, o: d.Optimizer) -> list[str]:
        s = o.settings
        rate: Any = s.get("learning rate")
        if o.schedule:
            n = o.schedule[1]
            rate = (
                "keras.optimizers.schedules.ExponentialDecay("
                f"{n['rate']}, {int(n['steps'])}, {n['factor']}, staircase={n['staircase']})"
            )
        words = [str(rate)]
        momentum = s.get("momentum", 0.0)
        if o.kind == "Adam":
            words += [f"beta_1={s['beta1']}", f"beta_2={s['beta2']}", f"epsilon={s['epsilon']}"]
            kind = "Adam"
        elif o.kind == "RMSProp":
            words += [f"rho={s['rho']}", f"momentum={momentum}", f"epsilon={s['epsilon']}"]
            kind = "RMSprop"
        elif o.kind == "Momentum" and o.schedule:
            kind = "Momentum"
            words.append(str(momentum))
        elif o.kind not in ("Momentum", "GradientDescent"):
            raise d.Refused(f"the optimiser {o.kind} ({o.name})")
        else:
            kind = "SGD"
            words += [f"momentum={momentum}"] if momentum else []
            words += ["nesterov=True"] if s.get("nesterov") else []
        place = "" if kind == "Momentum" else "keras.optimizers."
        lines = [f"        self.{o.name} = {place}{kind}({', '.join(words)})"]
        lines.append(f"        self.{o.name}.build({self._variables(o.variables)})")
        if kind == "RMSprop":
            lines.append(f"        for v in self.{o.name}._velocities:")
            lines.append("            v.assign(tf.ones_like(v))  # TF1's averages begin with 1")
        return lines

    def _variables(self, names: tuple[str, ...]) -> str:
        """Returns an expression of a list of variables."""
        trainable = {
            n.name: [v for v in n.variables if self.program.variables[v].trainable]
            for n in self.program.networks
        }
        parts: list[str] = []
        left = set(names)
        for name, own in trainable.items():
            if own and set(own) <= left:
                parts.append(f"self.{name}.trainable_variables")
                left -= set(own)
        if left:
            parts.append(f"[{', '.join(self.weight(v) for v in names if v in left)}]")
        return " + ".join(parts)

    # ---- the step ----

    def _stage(self, number: int) -> list[str]:
        stages = self.program.stages
        stage = stages[number]
        lines: list[str] = []
        tapes = [
            (self._tape(e, number), e)
            for s in stages[number:]
            if s.run == stage.run
            for e in s.effects
            if e.kind == "update"
            and self._needs(e) & {v.name for n in d.walk(stage.nodes) for v in n.values}
        ]
        body: list[str] = []
        body += self._body(stage.nodes)
        opened = [self._entered(tape, e, number) for tape, e in tapes]
        if opened:
            lines.append(f"with {', '.join(opened)}:")
            lines += [f"    {line}" for line in body]
        else:
            lines += body
        updates = [e for e in stage.effects if e.kind == "update"]
        for e in updates:  # every gradient is taken before a weight moves
            tape = self._tape(e, number)
            loss = " + ".join(self.printer.operand(x) for x in e.losses)
            variables = self._variables(e.variables)
            name = self._gradients(e, number)
            lines.append(f"{name} = {tape}.gradient({loss}, {variables})")
            lines += self._clipped(e, name)
        done: set[int] = set()
        for i, e in enumerate(stage.effects):
            if i in done:
                continue
            if e.kind == "update":
                variables = self._variables(e.variables)
                lines.append(f"self.{e.optimizer}.apply({self._gradients(e, number)}, {variables})")
                continue
            alike = [
                j
                for j in range(i, len(stage.effects))
                if stage.effects[j].kind == e.kind and _alike(stage.effects[j], e)
            ]
            done |= set(alike)
            lines += self._moved(e.kind, [stage.effects[j] for j in alike])
        return lines

    def _entered(self, tape: str, effect: d.Effect, number: int) -> str:
        """A tape that an earlier stage opened is gone on with."""
        earlier = any(
            self._needs(effect) & {v.name for n in d.walk(s.nodes) for v in n.values}
            for s in self.program.stages[:number]
            if s.run == self.program.stages[number].run
        )
        return tape if earlier else f"tf.GradientTape() as {tape}"

    def _tape(self, effect: d.Effect, number: int) -> str:
        run = self.program.stages[number].run
        updates = [
            e for s in self.program.stages if s.run == run for e in s.effects if e.kind == "update"
        ]
        return "tape" if len(updates) == 1 else f"{effect.optimizer}_tape_{updates.index(effect)}"

    def _needs(self, effect: d.Effect) -> set[str]:
        """Names of the values that an update's losses are made of."""
        of = {v.name: n for s in self.program.stages for n in d.walk(s.nodes) for v in n.values}
        found: set[str] = set()
        waiting = [x.name for x in effect.losses if isinstance(x, d.Value)]
        while waiting:
            name = waiting.pop()
            if name in found or name not in of:
                continue
            found.add(name)
            node = of[name]
            waiting += [x.name for x in node.inputs if isinstance(x, d.Value)]
            waiting += [v.name for n in node.body for v in n.values]
        return found

    def _gradients(self, effect: d.Effect, number: int) -> str:
        """The name of an update's gradients: an optimiser may make several updates of a run."""
        tape = self._tape(effect, number)
        of = [e for s in self.program.stages for e in s.effects if e.optimizer == effect.optimizer]
        more = f"_{tape.rpartition('_')[2]}" if len(of) > 1 and tape != "tape" else ""
        return f"{effect.optimizer}_gradients{more}"

    def _clipped(self, e: d.Effect, name: str) -> list[str]:
        s = e.settings
        if "clip global norm" in s:
            return [f"{name}, _ = tf.clip_by_global_norm({name}, {s['clip global norm']})"]
        if "clip norm" in s:
            return [f"{name} = [tf.clip_by_norm(g, {s['clip norm']}) for g in {name}]"]
        if "clip value" in s:
            c = s["clip value"]
            return [f"{name} = [tf.clip_by_value(g, -{c}, {c}) for g in {name}]"]
        return []

    def _moved(self, kind: str, moved: list[d.Effect]) -> list[str]:
        s = moved[0].settings
        names = tuple(v for e in moved for v in e.variables)
        if kind == "clip":
            return [
                f"for v in {self._variables(names)}:",
                f"    v.assign(tf.clip_by_value(v, {s['low']}, {s['high']}))",
            ]
        network = s["network"]
        copy = f"self.{network}_average.trainable_variables"
        return [
            f"for average, v in zip({copy}, self.{network}.trainable_variables, strict=True):",
            f"    average.assign_sub((1 - {s['decay']}) * (average - v))",
        ]

    def _body(self, nodes: tuple[d.Node, ...]) -> list[str]:
        losses = {v.name for v in self.program.losses.values()}
        within = tf_ops.inlined(nodes) - losses
        lines: list[str] = []
        for node in nodes:
            if node.value.name in within:
                self.printer.waiting[node.value.name] = self.printer.expression(node)
            else:
                lines += self._node(node)
        return lines

    def _node(self, node: d.Node) -> list[str]:
        made = self.printer.made(node)
        xs = [self.printer.operand(x) for x in node.inputs]
        s = node.settings
        if node.kind == "call":
            network = next(n for n in self.program.networks if n.name == s["network"])
            function = next(f for f in network.functions if f.name == s["function"])
            has_norm = any(n.kind == "batch_norm" for n in d.walk(function.nodes))
            more = (
                [f"training={s['training']}"] if function.takes_training and s["training"] else []
            )
            more += ["moves=False"] if has_norm and s["training"] and not s["moves"] else []
            if has_sets(function) and s["averages"]:
                more.append(f"averages={s['averages']}")
            method = "" if function.name == "call" else f".{function.name}"
            return [f"{made} = self.{network.name}{method}({', '.join([*xs, *more])})"]
        if node.kind == "draw":
            argument = self.draws[s["argument"].name]
            drawn = DRAWS[s["type"]].format(shape=xs[0])
            return [f"{made} = {drawn} if {argument} is None else {argument}"]
        if node.kind == "gradient":
            lines = ["with tf.GradientTape() as inner:", f"    inner.watch({xs[1]})"]
            lines += [f"    {line}" for line in self._body(node.body)]
            return [*lines, f"{made} = inner.gradient({xs[0]}, {xs[1]})"]
        if node.kind in LOSSES:
            return [f"{made} = {LOSSES[node.kind][0]}({_labels(node, xs)}, {xs[1]})"]
        if node.kind == "sigmoid_crossentropy":
            function_ = "tf.nn.sigmoid_cross_entropy_with_logits"
            return [f"{made} = {function_}(labels={_labels(node, xs)}, logits={xs[1]})"]
        return [f"{made} = {self.printer.expression(node)}"]


def _labels(node: d.Node, xs: list[str]) -> str:
    labels = node.inputs[0]
    number = labels.number if isinstance(labels, d.Constant) else None
    if number is None:
        return xs[0]
    if number in (0, 1):
        return f"tf.{'ones' if number else 'zeros'}_like({xs[1]})"
    return f"{number} * tf.ones_like({xs[1]})"


def _alike(a: d.Effect, b: d.Effect) -> bool:
    ignored = ("of",)
    return {k: v for k, v in a.settings.items() if k not in ignored} == {
        k: v for k, v in b.settings.items() if k not in ignored
    }


def zeros(value: d.Value) -> str:
    """Returns the expression of an input that a network is built with."""
    shape = [1 if n is None else n for n in value.shape or ()]
    return f"tf.zeros({shape}, keras.config.floatx())"


def _places(program: d.Program) -> dict[str, str]:
    """TF1 variable -> expression in the port."""
    places: dict[str, str] = {}
    for network in program.networks:
        attributes = naming.layers(network)
        for function in network.functions:
            for node in d.walk(function.nodes):
                key = naming.key_of(node)
                for part, variable in node.variables.items():
                    if key is not None:
                        word = PARTS.get(part, part)
                        places[variable] = f"self.{network.name}.{attributes[key]}.{word}"
        for variable in network.variables:
            places.setdefault(variable, f"self.{network.name}.{attribute_of(network, variable)}")
    return places
