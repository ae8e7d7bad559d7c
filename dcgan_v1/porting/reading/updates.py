"""The updates of a program as a port needs them: settings, schedules, what is done to gradients."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan_v1.migration.records import State, Tf1Info, Update
from dcgan_v1.porting import description as d
from dcgan_v1.porting.graphs.graph import Graph, Tensor, above, through, variable_of
from dcgan_v1.porting.graphs.matching import Number, any_of, number_of
from dcgan_v1.porting.reading import clipping
from dcgan_v1.porting.reading.effects import ASSIGNMENTS, Updated, is_count, moves
from dcgan_v1.porting.reading.network_names import identifier, name_of, unused

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.tf1.reading.roles import Roles

WRITTEN = {  # what a port has optimisers for, and their settings
    "Adam": ("learning rate", "beta1", "beta2", "epsilon"),
    "RMSProp": ("learning rate", "rho", "momentum", "epsilon"),
    "Momentum": ("learning rate", "momentum"),
    "GradientDescent": ("learning rate",),
}
Schedule = tuple[str, dict[str, Any]]
WORDS = {"GradientDescent": "sgd", "Momentum": "momentum", "RMSProp": "rmsprop"}


class Updates:
    """The updates of a step, numbered as compare numbers them."""

    def __init__(
        self, graph: Graph, roles: "Roles", info: Tf1Info, wished: Mapping[str, str], start: State
    ) -> None:
        """
        Args:
          graph: in training.
          roles, info: what compare knows of it.
          wished: optimiser -> name of a map.
          start: what training starts from.
        """
        self.graph, self.roles, self.info = graph, roles, info
        self.wished, self.start = wished, start
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
        if not tensors or any(t.op.name not in self.graph.ops for t in tensors):
            self.refused.append(
                f"the loss of {self.info.updates[number].name}, which is not found: it must be a "
                "single number"
            )
        return [self.graph.tensor(t.name) for t in tensors if t.op.name in self.graph.ops]

    def _names(self) -> dict[str, str]:
        """TF1's optimiser -> an identifier: 'd_adam', 'generator_adam'."""
        names: dict[str, str] = {}
        trained = [v for update in self.info.updates for v in update.variables]
        for update in self.info.updates:
            if update.optimizer in names:
                continue
            own = [u for u in self.info.updates if u.optimizer == update.optimizer]
            scope = name_of([v for u in own for v in u.variables], trained)
            kind = WORDS.get(update.kind, update.kind.lower())
            name = self.wished.get(update.optimizer, "")
            name = name or identifier(f"{scope}_{kind}" if scope else kind)
            names[update.optimizer] = unused(name, names.values())
        return names

    def optimizers(self) -> tuple[d.Optimizer, ...]:
        """Returns the optimisers with their settings; what none of WRITTEN is, is refused."""
        made: dict[str, d.Optimizer] = {}
        for (_, update), info in zip(self.roles.applied, self.info.updates, strict=True):
            if info.kind not in WRITTEN:
                known_kinds = ", ".join(WRITTEN)
                self.refused.append(f"the optimiser {info.kind} ({info.name}): known {known_kinds}")
                continue
            settings, schedule = self._settings(update, info)
            known = made.get(info.optimizer)
            if known and (known.settings, known.schedule) != (settings, schedule):
                self.refused.append(f"{info.optimizer}, which {info.name} has otherwise")
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

    def _settings(self, update: Any, info: Update) -> tuple[dict[str, Any], Schedule | None]:
        """Returns the numbers of an update's optimiser, and its rate's schedule."""
        ops = [self.graph.ops[a.op.name] for a in update.applies]
        nesterov = any(op.attributes.get("use_nesterov") for op in ops)
        settings: dict[str, Any] = {"nesterov": nesterov}
        schedule: Schedule | None = None
        for setting in WRITTEN[info.kind]:
            here = [self.graph.tensor(a.settings[setting].name) for a in update.applies]
            numbers = {self._number(t) for t in here}
            number = numbers.pop() if len(numbers) == 1 else None
            if number is not None:
                settings[setting] = float(f"{number:.7g}")
                continue
            if setting == "epsilon" and (bound := self._corrected(here, info.optimizer)):
                settings |= {"epsilon": bound, "epsilon after the correction": True}
                continue
            if setting == "learning rate" and len(rates := {_uncast(t) for t in here}) == 1:
                schedule = self._schedule(rates.pop(), info.optimizer)
            if setting != "learning rate" or schedule is None:
                self.refused.append(
                    f"the {setting} of {info.name}, which is fed, computed or not one number "
                    f"({here[0].op.name}): make it a number or an exponential_decay"
                )
        if info.kind == "RMSProp" and (begin := self._begin(info.optimizer)) != 1:
            settings["begin"] = begin
        if nesterov and (info.kind != "Momentum" or schedule):
            self.refused.append(f"nesterov of {info.name}, but for momentum at a constant rate")
        return settings, schedule

    def _begin(self, optimizer: str) -> float:
        """What all averages of an RMSProp begin with: 1, but in a program that clips them, too."""
        averages = [
            a for k, a in self.start.slots.items() if (k.optimizer, k.slot) == (optimizer, "ms")
        ]
        found = {float(f"{value:.7g}") for array in averages for value in np.unique(array)}
        return found.pop() if len(found) == 1 else 1.0

    def _number(self, tensor: Tensor) -> float | None:
        """The number that a setting is: a constant, or a variable's, as Keras has them, that
        nothing in the graph assigns to but its first value and a Saver."""
        name = variable_of(tensor)
        value = self.start.variables.get(name or "")
        if value is None or value.shape != ():
            return number_of(tensor)
        changes = [
            op
            for op in self.graph.ops.values()
            if op.type in ASSIGNMENTS
            and variable_of(op.inputs[0]) == name
            and op.name != f"{name}/Assign"
            and not any(other.type == "RestoreV2" for other in above([op]))
        ]
        return None if changes else float(value)

    def _corrected(self, tensors: list[Tensor], optimizer: str) -> float | None:
        """Returns the number where an epsilon is epsilon * sqrt(1 - beta2^t): so it is added after
        the bias is corrected."""
        numbers = set()
        for tensor in tensors:
            form = ("Mul", Number("epsilon"), ("Sqrt", ("Sub", 1, "power")))
            bound = any_of(tensor, form)
            power = variable_of(bound["power"]) if bound else None
            if bound is None or self.roles.powers.get(power or "") != (optimizer, "beta2_power"):
                return None
            numbers.add(bound["epsilon"])
        return float(numbers.pop()) if len(numbers) == 1 else None

    def _schedule(self, rate: Tensor, optimizer: str) -> Schedule | None:
        """Returns tf.train.exponential_decay's numbers where it counts what the optimiser counts:
        its own updates; else None."""
        for is_staircase, steps in (
            (True, ("Floor", ("RealDiv", "step", Number("steps")))),
            (False, ("RealDiv", "step", Number("steps"))),
        ):
            bound = any_of(rate, ("Mul", ("Pow", Number("factor"), steps), Number("rate")))
            if bound is None:
                continue
            step = through(bound["step"])
            name = variable_of(through(step.op.inputs[0]) if step.op.type == "Cast" else step)
            runs = [moves(self.graph, run, set()) for run in self.info.runs]
            counted = sum(m.variable == name and is_count(m) for run in runs for m in run)
            applied = sum(u.optimizer == optimizer for u in self.info.updates)
            if name is None or counted != applied or bound["steps"] != int(bound["steps"]):
                return None
            numbers = {name: bound[name] for name in ("rate", "steps", "factor")}
            return "exponential", {**numbers, "staircase": is_staircase}
        return None

    def clipping(self, number: int) -> dict[str, float] | None:
        """Returns what is done to an update's gradients: {} for nothing, None for what is of no
        known kind."""
        applies = self.roles.applied[number][1].applies
        return clipping.of([self.graph.tensor(apply.gradient.name) for apply in applies])

    def sparse(self, number: int) -> list[str]:
        """Returns the variables of which an update's gradient has the rows alone that were read;
        the comparison makes it a whole one (see `runners/tf1/graph/dense_updates.py`)."""
        applies = self.roles.applied[number][1].applies
        return [a.variable for a in applies if a.gradient.op.type == "UnsortedSegmentSum"]


def _uncast(rate: Tensor) -> Tensor:
    """A rate that is worked out in float64 is cast for each variable."""
    rate = through(rate)
    return through(rate.op.inputs[0]) if rate.op.type == "Cast" else rate
