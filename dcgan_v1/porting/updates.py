"""The updates of a program as a port needs them: settings, schedules, what is done to gradients."""

from typing import TYPE_CHECKING, Any

from dcgan_v1.migration.records import Tf1Info
from dcgan_v1.porting import description as d
from dcgan_v1.porting.effects import Updated
from dcgan_v1.porting.flow import GRADIENTS
from dcgan_v1.porting.graph import Graph, Tensor, above, through
from dcgan_v1.porting.matching import ANY, Number, any_of, number_of
from dcgan_v1.porting.segments import common_scope, identifier

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.tf1.roles import Roles

WORDS = {"GradientDescent": "sgd", "Momentum": "momentum", "RMSProp": "rmsprop"}


class Updates:
    """The updates of a step, numbered as compare numbers them."""

    def __init__(self, graph: Graph, roles: "Roles", info: Tf1Info) -> None:
        self.graph, self.roles, self.info = graph, roles, info
        self.own = {*roles.slots, *roles.powers}
        self.refused: list[str] = []
        self.names = self._names()

    def of_run(self, run: int) -> list[Updated]:
        """Returns the updates that a run does."""
        return [
            Updated(i, [self.graph.ops[a.op.name] for a in update.applies])
            for i, (number, update) in enumerate(self.roles.applied)
            if number == run
        ]

    def losses(self, number: int) -> list[Tensor]:
        """Returns what an update's gradients are of."""
        tensors = self.roles.losses[number]
        if not tensors:
            self.refused.append(f"the loss of {self.info.updates[number].name}, which is not found")
        return [self.graph.tensor(t.name) for t in tensors if t.op.name in self.graph.ops]

    def _names(self) -> dict[str, str]:
        """TF1's optimiser -> an identifier: 'd_adam', 'generator_adam'."""
        names: dict[str, str] = {}
        for update in self.info.updates:
            if update.optimizer in names:
                continue
            scope = common_scope(update.variables).rpartition("/")[2]
            kind = WORDS.get(update.kind, update.kind.lower())
            name = identifier(f"{scope}_{kind}" if scope else kind)
            while name in names.values():
                name += "_"
            names[update.optimizer] = name
        return names

    def optimizers(self) -> tuple[d.Optimizer, ...]:
        """Returns the optimisers with their settings."""
        made: dict[str, d.Optimizer] = {}
        for (_, update), info in zip(self.roles.applied, self.info.updates, strict=True):
            settings: dict[str, Any] = {}
            schedule = None
            for setting, tensor in update.applies[0].settings.items():
                here = self.graph.tensor(tensor.name)
                number = number_of(here)
                if number is not None:
                    settings[setting] = float(f"{number:.7g}")
                elif setting == "learning rate":
                    schedule = _schedule(here)
            nesterov = self.graph.ops[update.applies[0].op.name].attributes.get("use_nesterov")
            settings["nesterov"] = bool(nesterov)
            known = made.get(info.optimizer)
            variables = [*(known.variables if known else ()), *info.variables]
            made[info.optimizer] = d.Optimizer(
                self.names[info.optimizer],
                info.optimizer,
                info.kind,
                settings,
                tuple(dict.fromkeys(variables)),
                schedule,
            )
        return tuple(made.values())

    def clipping(self, number: int) -> dict[str, float] | None:
        """Returns what is done to an update's gradients: {} for nothing, None for what is of no
        known kind."""
        found: list[dict[str, float]] = []
        for apply in self.roles.applied[number][1].applies:
            tensor = through(self.graph.tensor(apply.gradient.name))
            if tensor.array is None and GRADIENTS.match(tensor.op.name):
                found.append({})
                continue
            kind = _clipping(tensor)
            if kind is None:
                return None
            found.append(kind)
        return found[0] if all(kind == found[0] for kind in found) else None


def _clipping(tensor: Tensor) -> dict[str, float] | None:
    """Clipping of a gradient by value, by its norm, or by the norm of all."""
    bound = any_of(
        tensor,
        ("Maximum", ("Minimum", "g", Number("high")), Number("low")),
        ("Minimum", ("Maximum", "g", Number("low")), Number("high")),
    )
    if bound and bound["low"] == -bound["high"]:
        return {"clip value": bound["high"]}
    bound = any_of(
        tensor, ("RealDiv", ("Mul", "g", Number("norm")), ("Maximum", ANY, Number("norm")))
    )
    if bound:
        return {"clip norm": bound["norm"]}
    bound = any_of(tensor, ("Mul", "g", "scale"))
    if bound is None:
        return None
    scale = bound["scale"] if not bound["scale"].shape else bound["g"]
    ops = [op for op in above([scale.op], data_only=True) if not GRADIENTS.match(op.name)]
    if not any(op.type == "L2Loss" for op in ops):
        return None
    numbers = [
        number
        for op in ops
        if op.type == "Mul" and any(through(t).op.type == "Minimum" for t in op.inputs)
        for number in map(number_of, op.inputs)
        if number is not None
    ]
    return {"clip global norm": float(f"{numbers[0]:.7g}")} if len(set(numbers)) == 1 else None


def _schedule(rate: Tensor) -> tuple[str, dict[str, Any]] | None:
    """Returns tf.train.exponential_decay's numbers, or None."""
    for is_staircase, steps in (
        (True, ("Floor", ("RealDiv", ANY, Number("steps")))),
        (False, ("RealDiv", ANY, Number("steps"))),
    ):
        bound = any_of(rate, ("Mul", ("Pow", Number("factor"), steps), Number("rate")))
        if bound:
            numbers = {name: bound[name] for name in ("rate", "steps", "factor")}
            return "exponential", {**numbers, "staircase": is_staircase}
    return None
