"""The training step of a PyTorch port."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import step as steps
from dcgan_v1.porting.text.printing import constants, in_brackets, rank_of
from dcgan_v1.porting.text.step import Step, weight_of
from dcgan_v1.porting.text.step_printer import StepPrinter
from dcgan_v1.porting.torch import layout
from dcgan_v1.porting.torch import networks as torch_networks
from dcgan_v1.porting.torch.ops import Printer
from dcgan_v1.porting.torch.optimizers import of_groups

DRAWS = {
    "RandomUniform": "torch.rand",
    "RandomStandardNormal": "torch.randn",
    "TruncatedNormal": "truncated_normal",
}
LOSSES = {
    "binary_crossentropy": "F.binary_cross_entropy_with_logits({logits}, {labels})",
    "sigmoid_crossentropy": (
        'F.binary_cross_entropy_with_logits({logits}, {labels}, reduction="none")'
    ),
    "sparse_crossentropy": "F.cross_entropy({logits}, {labels})",
    "categorical_crossentropy": "F.cross_entropy({logits}, {labels})",
    "mse": "F.mse_loss({logits}, {labels})",
}


class TorchStep(StepPrinter[Printer]):
    """Prints a step.

    Args:
      step: what is printed.
      places: TF1 variable -> expression.

    Attributes:
      applies: whether gradients are kept, and applied later.
    """

    returned = "{}.detach()"

    def __init__(self, step: Step, places: dict[str, str]) -> None:
        kernels = torch_networks.kernels(step.program)
        in_tf = {v: f"{place}{kernels.get(v, '')}" for v, place in places.items()}
        super().__init__(step, Printer(step.values, weight_of(in_tf), step.nodes))
        self.places = places
        self.applies = False
        self._modes = dict.fromkeys((n.name for n in step.program.networks), "")

    def parameters(self, names: tuple[str, ...]) -> str:
        """Returns an expression of variables: an iterator, or a list."""
        trained = self.step.split(names)
        if len(trained.networks) == 1 and not trained.rest:
            return f"self.{trained.networks[0]}.parameters()"
        parts = [f"*self.{name}.parameters()" for name in trained.networks]
        parts += [self.places[v] for v in trained.rest if v in self.places]
        return f"[{', '.join(parts)}]"

    def _listed(self, names: tuple[str, ...]) -> str:
        text = self.parameters(names)
        return text if text.startswith("[") else f"list({text})"

    # ---- stages ----

    def _begin_loop(self) -> None:
        self._modes = dict.fromkeys(self._modes, "")

    def _stage(self, number: int) -> list[str]:
        stage = self.stages[number]
        lines = self._body(stage.nodes)
        updates = [e for e in stage.effects if e.kind == "update"]
        for e in updates:
            self._refuse_moved(e, number)
            self._refuse_groups(e, updates)
        owned = [v for e in updates for v in e.variables]
        shared = {v for v in owned if owned.count(v) > 1}
        for e in updates:  # every gradient is taken before a weight moves
            if shared & set(e.variables):
                lines += self._kept(e, number)
            else:
                lines.append(f"self.{e.optimizer}.zero_grad()")
                lines.append(self._backward(e, number))
                lines += self._clipped(e)
        for effects in steps.together(stage.effects):
            first = effects[0]
            if first.kind == "update" and shared & set(first.variables):
                lines += self._rate(first)
                lines.append(f"apply(self.{first.optimizer}, {first.optimizer}_gradients)")
            else:
                lines += self._moved(effects)
        return lines

    def _kept(self, e: d.Effect, number: int) -> list[str]:
        """The lines that take the gradients of an update beside others of the same weights."""
        optimizers = self.step.program.optimizers
        if _clips(e):
            self.refused.append(f"{e.name}, whose gradients are clipped beside another update's")
        if sum(o.optimizer == e.optimizer for o in self.stages[number].effects) > 1:
            self.refused.append(f"{e.optimizer}, which updates its weights twice at once")
        if any(o.name == e.optimizer and of_groups(self.step.program, o) for o in optimizers):
            self.refused.append(f"{e.name}, of a part of {e.optimizer}'s, beside another update")
        self.applies = True
        words = [_sum([self.printer.operand(x) for x in e.losses]), self._listed(e.variables)]
        words += ["retain_graph=True"] if self._is_needed_later(e, number) else []
        return [f"{e.optimizer}_gradients = torch.autograd.grad({', '.join(words)})"]

    def _refuse_groups(self, e: d.Effect, together: list[d.Effect]) -> None:
        """To zero the gradients of one update would be to lose those of another."""
        others = [o for o in together if o.optimizer == e.optimizer]
        if any(set(o.variables) != set(e.variables) for o in others):
            self.refused.append(
                f"the optimiser {e.optimizer}, which updates several groups of weights at once "
                "(--to keras and --to tf2 write it)"
            )

    def _backward(self, e: d.Effect, number: int) -> str:
        loss = in_brackets(_sum([self.printer.operand(x) for x in e.losses]))
        words = [f"inputs={self._listed(e.variables)}"]
        if self._is_needed_later(e, number):
            words.append("retain_graph=True")
        return f"{loss}.backward({', '.join(words)})"

    def _is_needed_later(self, e: d.Effect, number: int) -> bool:
        """Whether another update comes back through what this one is made of."""
        updates = self.step.updates(self.stages[number].run)
        own = self.step.needs(e) - self._fed()
        return any(self.step.needs(o) & own for o in updates[updates.index(e) + 1 :])

    def _fed(self) -> set[str]:
        return {v.name for n in self.step.nodes.values() if n.kind == "draw" for v in n.values}

    def _refuse_moved(self, e: d.Effect, number: int) -> None:
        """Refuses gradients through weights that have moved since: torch keeps no old ones."""
        run, needs = self.stages[number].run, self.step.needs(e)
        for i in range(number):
            earlier = self.stages[i]
            if earlier.run != run:
                continue
            before = [s for s in self.stages[: i + 1] if s.run == run]
            called = {
                n.settings["network"]
                for s in before
                for n in d.walk(s.nodes)
                if n.kind == "call" and n.value.name in needs
            }
            moved = {v for x in earlier.effects for v in x.variables}
            for network in self.step.program.networks:
                if network.name in called and moved & set(network.variables):
                    self.refused.append(
                        f"{e.name}, whose gradient goes through {network.name} as it was before "
                        "another update of the same run moved it"
                    )

    def _clipped(self, e: d.Effect) -> list[str]:
        s, variables = e.settings, self.parameters(e.variables)
        if "clip global norm" in s:
            words = f"{self._listed(e.variables)}, {s['clip global norm']}"
            return [f"clip_by_global_norm({words})"]
        if "clip norm" in s:
            return [f"clip_by_norm({variables}, {s['clip norm']})"]
        if "clip value" in s:
            return [f"torch.nn.utils.clip_grad_value_({variables}, {s['clip value']})"]
        return []

    def _moved(self, effects: list[d.Effect]) -> list[str]:
        first = effects[0]
        s, names = first.settings, tuple(v for e in effects for v in e.variables)
        if first.kind == "update":
            return [*self._rate(first), f"self.{first.optimizer}.step()"]
        if first.kind == "clip":
            whole = self.step.with_averages(names)
            buffers = f"*(b for b in self.{whole}.buffers() if b.is_floating_point())"
            each = f"[*self.{whole}.parameters(), {buffers}]" if whole else self.parameters(names)
            return [
                "with torch.no_grad():",
                f"    for v in {each}:",
                f"        v.clamp_({s['low']}, {s['high']})",
            ]
        network = s["network"]
        pairs = f"self.{network}_average.parameters(), self.{network}.parameters()"
        return [
            f"for average, v in zip({pairs}, strict=True):",
            f"    average.lerp_(v.detach(), {round(1 - s['decay'], 7)})",
        ]

    def _rate(self, update: d.Effect) -> list[str]:
        """The line that sets the rate of a step, where it has a schedule."""
        optimizers = self.step.program.optimizers
        is_scheduled = any(o.name == update.optimizer and o.schedule for o in optimizers)
        return [f"self.{update.optimizer}_rate.step()"] if is_scheduled else []

    # ---- nodes ----

    def _node(self, node: d.Node) -> list[str]:
        made = self.printer.made(node)
        if node.kind == "gradient":
            return self._gradient(node, made)
        if node.kind == "call":
            return self._call(node)
        if node.kind == "draw":
            return self._drawn(node, self._draw(node))
        if node.kind in LOSSES:
            words = {"labels": self._labels(node), "logits": self.printer.operand(node.inputs[1])}
            return [f"{made} = {LOSSES[node.kind].format(**words)}"]
        return [f"{made} = {self.printer.expression(node)}"]

    def _gradient(self, node: d.Node, made: str) -> list[str]:
        y, x = (self.printer.operand(i) for i in node.inputs)
        body = self._body(node.body)
        behind = self.step.behind([i.name for i in node.inputs[1:] if isinstance(i, d.Value)])
        is_computed = any(self.step.nodes[name].kind == "call" for name in behind)
        watched = [] if is_computed else [f"{x}.requires_grad_()"]
        y = self.printer.operand(node.inputs[0])
        taken = f"torch.autograd.grad({in_brackets(y)}.sum(), {x}, create_graph=True)"
        return [*watched, *body, f"({made},) = {taken}"]

    def _call(self, node: d.Node) -> list[str]:
        network, function = self.step.function_of(node)
        lines = []
        mode = "train" if node.settings["training"] else "eval"
        if function.takes_training and self._modes[network.name] != mode:
            lines.append(f"self.{network.name}.{mode}()")
            self._modes[network.name] = mode
        return [*lines, steps.call(self.step, node, self.printer, says_mode=False)]

    def _draw(self, node: d.Node) -> str:
        function, size = DRAWS[node.settings["type"]], node.inputs[0]
        known = constants(size)
        text = self.printer.operand(size)
        if known is not None and len(known) == 4:
            return f"{function}({[known[i] for i in (0, 3, 1, 2)]})"
        words = f"{function}({text if known is None else known})"
        source = self.step.nodes.get(size.name) if isinstance(size, d.Value) else None
        if rank_of(node.value) != 4:
            return words
        if source is not None and source.settings.get("type") == "Pack":
            sides = [self.printer.operand(x) for x in source.inputs]
            return f"{function}([{', '.join(sides[i] for i in (0, 3, 1, 2))}])"
        return layout.from_tf(words, node.value)

    def _labels(self, node: d.Node) -> str:
        labels, logits = node.inputs[0], self.printer.operand(node.inputs[1])
        number = labels.number if isinstance(labels, d.Constant) else None
        if number is None:
            text = self.printer.operand(labels)
            is_count = node.kind == "sparse_crossentropy"
            return f"{text}.long()" if is_count and labels.dtype != "int64" else text  # type: ignore[union-attr]  # a Value
        if node.kind == "sparse_crossentropy":  # a class for each row
            x = in_brackets(logits)
            return f"{x}.new_full({x}.shape[:-1], {int(number)}, dtype=torch.long)"
        if number in (0, 1):
            return f"torch.{'ones' if number else 'zeros'}_like({logits})"
        return f"torch.full_like({logits}, {number})"


def _sum(losses: list[str]) -> str:
    return " + ".join(losses)


def _clips(e: d.Effect) -> bool:
    return any(word.startswith("clip") for word in e.settings)
