"""From pieces to the bodies of a description: functions of networks, stages of a step."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dcgan_v1.porting import description as d
from dcgan_v1.porting import effects, segments
from dcgan_v1.porting.flow import DRAWS, Operand, Out, Piece
from dcgan_v1.porting.graph import Graph, Tensor, through
from dcgan_v1.porting.norm_patterns import bare
from dcgan_v1.porting.segments import Call

if TYPE_CHECKING:
    from dcgan_v1.porting.corrections import Names
    from dcgan_v1.porting.reader import Averages, Run

Unit = Piece | Call


class Bodies:
    """Makes functions and stages.

    Args:
      calls: of all networks.
      runs: session runs.
      networks: name -> trained variables.
      averages: of batch norms.
      graph: in training.
      names: of a map.
      again: 'z@2', inputs that a later run is fed anew.

    Attributes:
      networks, stages, inputs, draws, losses: of the description.
      refused: what has no place in a port.
    """

    def __init__(
        self,
        calls: list[Call],
        runs: "list[Run]",
        networks: dict[str, list[str]],
        averages: "Averages",
        graph: Graph,
        names: "Names",
        again: Collection[str] = (),
    ) -> None:
        self.refused: list[str] = []
        self.names, self.again = names, again
        self._calls, self._runs, self._averages = calls, runs, averages
        self._of_piece = {p: call for call in calls for p in call.pieces}
        self._count = 0
        self._moved = [self._moved_in(run) for run in runs]
        self._inputs: dict[str, d.Node] = {}
        self._draws: dict[str, d.Node] = {}
        self._functions: dict[str, dict[Any, d.Function]] = {}
        self._copies: dict[str, dict[str, dict[str, str]]] = {}
        self._network_of = {v: name for name, names in networks.items() for v in names}
        self.networks: tuple[d.Network, ...] = ()
        self._outputs: dict[Any, list[tuple[int, int]]] = {}  # of a function, of all its calls
        self._name_bare_norms(calls)
        for call in calls:
            places = self._outputs.setdefault(self._key(call), [])
            places += [p for p in segments.output_places(call) if p not in places]
        for call in calls:
            self._add_function(call)
        self.losses: dict[str, d.Value] = {}
        self.stages = tuple(stage for i in range(len(runs)) for stage in self._stages(i))
        self.inputs, self.draws = tuple(self._inputs.values()), tuple(self._draws.values())
        self.networks = tuple(self._network(name, own) for name, own in networks.items())

    def forward(self, ends: Sequence[Operand]) -> tuple[d.Node, ...]:
        """Returns what leads to the outputs of a program that has no step."""
        build = _Build(self, 0)
        for end in ends:
            build.operand(end)
        self.inputs, self.draws = tuple(self._inputs.values()), tuple(self._draws.values())
        return tuple(build.buckets.get(0, ()))

    # ---- networks ----

    def _network(self, name: str, own: list[str]) -> d.Network:
        functions = tuple(self._functions.get(name, {}).values())
        variables = list(own)
        for function in functions:
            for node in d.walk(function.nodes):
                for pair in node.settings.get("averages", ()):
                    variables += [v for v in pair if v not in variables]
        for copies in self._copies.get(name, {}).values():
            if left := sorted(set(own) - set(copies)):
                self.refused.append(f"an average of a part of {name}: {', '.join(left)} has none")
        scope = segments.common_scope(own)
        return d.Network(name, scope, functions, tuple(variables), self._copies.get(name, {}))

    def _key(self, call: Call) -> Any:
        return call.network, segments.signature(call)

    def _add_function(self, call: Call) -> None:
        known = self._functions.setdefault(call.network, {})
        key = segments.signature(call)
        if key in known:
            return
        values: dict[tuple[Piece, int], d.Value] = {}
        inputs = []
        for i, x in enumerate(call.inputs):
            assert isinstance(x, Out)
            name = segments.identifier(x.piece.op.name.rpartition("/")[2])
            value = self._value(x, name if x.piece.kind == "input" else f"x{i or ''}")
            values[x.piece, x.index] = value
            inputs.append(value)
        nodes = [self._node(p, values) for p in call.pieces]
        places = sorted(self._outputs[self._key(call)])
        outputs = tuple(values[call.pieces[i], j] for i, j in places)
        training = any(p.kind in ("batch_norm", "dropout") for p in call.pieces)
        name = "call" if not known else f"call_{len(known) + 1}"
        known[key] = d.Function(name, tuple(inputs), tuple(nodes), outputs, training)

    def _value(self, x: Out, hint: str = "") -> d.Value:
        self._count += 1
        shape, dtype = x.piece.outputs[x.index]
        return d.Value(f"{hint or 'h'}.{self._count}", shape, dtype)

    def _node(
        self, piece: Piece, values: dict[tuple[Piece, int], d.Value], hint: str = ""
    ) -> d.Node:
        made = []
        for i in range(len(piece.outputs)):
            value = self._value(Out(piece, i), hint)
            values[piece, i] = value
            made.append(value)
        inputs = tuple(self._operand(x, values) for x in piece.inputs)
        settings = dict(piece.settings)
        variables = dict(piece.variables)
        if piece.kind == "batch_norm":
            settings |= self._of_batch_norm(piece)
        wished = [self.names.layers[v] for v in variables.values() if v in self.names.layers]
        if wished:
            settings["attribute"] = wished[0]
        why = "" if piece.kind != "op" else "no pattern knows it"
        return d.Node(
            piece.kind, tuple(made), inputs, settings, variables, ops=(piece.op.name,), why=why
        )

    def _operand(self, x: Operand, values: dict[tuple[Piece, int], d.Value]) -> d.Operand:
        return values[x.piece, x.index] if isinstance(x, Out) else x

    # ---- batch norms ----

    def _of_batch_norm(self, piece: Piece) -> dict[str, Any]:
        pairs = self._pairs(piece)
        decays = [m[2] for moved in self._moved for m in moved.values() if m[0] in pairs]
        momentum = decays[0] if decays else None
        if len(set(decays)) > 1:
            self.refused.append(f"a batch norm of several decays ({piece.op.name})")
        return {"averages": tuple(pairs), "momentum": momentum}

    def _pairs(self, piece: Piece) -> list[tuple[str, str]]:
        """The averages of a batch norm: those of its gamma and beta, or else its own."""
        key = tuple(piece.variables.get(part, "") for part in ("gamma", "beta"))
        if any(key):
            return self._averages.of.get(key, [])
        own = tuple(piece.variables.get(part, "") for part in ("mean", "variance"))
        return [(own[0], own[1])] if all(own) else []

    def _name_bare_norms(self, calls: list[Call]) -> None:
        """A batch norm without gamma and beta is known by its averages: those that a run moves, or
        that it reads, are those of every call of the network."""
        for moved in self._moved:
            for piece, (pair, _, _) in moved.items():
                piece.variables |= dict(zip(("mean", "variance"), pair, strict=True))
        places: dict[Any, dict[str, str]] = {}
        for _ in range(2):
            for call in calls:
                for i, piece in enumerate(call.pieces):
                    is_bare = not {"gamma", "beta"} & piece.variables.keys()
                    if piece.kind == "batch_norm" and is_bare:
                        known = places.setdefault((self._key(call), i), dict(piece.variables))
                        known |= piece.variables
                        piece.variables |= known

    def _moved_in(self, run: "Run") -> dict[Piece, tuple[tuple[str, str], int, float]]:
        """Batch norm -> (pair of averages that the run moves by its moments, which, decay)."""
        moved: dict[Piece, dict[str, float]] = {}
        of: dict[Tensor, Piece] = {}
        for piece in run.flow.pieces:
            for moment in piece.moments:
                of[bare(moment)] = piece
        for average, move in run.folded:
            owner = of.get(bare(average.of))
            if owner is None:
                self.refused.append(
                    f"{average.variable}, which follows what no batch norm of this run computes "
                    f"({move.op.name})"
                )
                continue
            moved.setdefault(owner, {})[average.variable] = average.decay
        result = {}
        for piece, decays in moved.items():
            key = tuple(piece.variables.get(part, "") for part in ("gamma", "beta"))
            pairs = self._averages.of.get(key, [])
            for which, pair in enumerate(pairs):
                if set(pair) == set(decays) and len(set(decays.values())) == 1:
                    number = which if any(key) else 0  # a bare one has but its own
                    result[piece] = (pair, number, next(iter(decays.values())))
                    break
            else:
                names = ", ".join(sorted(decays))
                self.refused.append(f"averages moved in part or by several decays: {names}")
        return result

    # ---- stages ----

    def _stages(self, number: int) -> list[d.Stage]:
        run = self._runs[number]
        build = _Build(self, number)
        parts: list[d.Effect] = []
        for effect in run.effects:
            parts.append(self._effect(effect, run, build))
        for x in run.moving:
            build.operand(x)
        stages: list[d.Stage] = []
        for i, part in enumerate(parts):
            nodes = build.buckets.get(i, [])
            if stages and not nodes:
                stages[-1] = replace(stages[-1], effects=(*stages[-1].effects, part))
            else:
                stages.append(d.Stage(number, tuple(nodes), (part,)))
        if rest := build.buckets.get(len(parts)):
            stages.append(d.Stage(number, tuple(rest), ()))
        return stages

    def _effect(self, effect: Any, run: "Run", build: "_Build") -> d.Effect:
        if isinstance(effect, effects.Updated):
            info = run.updates.info.updates[effect.number]
            clipping = run.updates.clipping(effect.number)
            if clipping is None:
                self.refused.append(f"what is done to the gradients of {info.name}")
            losses = tuple(build.operand(x) for x in run.losses[effect.number])
            tensors = run.updates.losses(effect.number)
            for loss, tensor in zip(losses, tensors, strict=True):
                if isinstance(loss, d.Value):
                    self._name_loss(loss, tensor, info.variables)
            name = run.updates.names[info.optimizer]
            variables = tuple(info.variables)
            return d.Effect("update", info.name, variables, name, losses, settings=clipping or {})
        limits, average = effects.clip(effect), effects.average(effect)
        if limits is not None:
            settings = {"low": limits[0], "high": limits[1]}
            return d.Effect("clip", effect.op.name, (effect.variable,), settings=settings)
        source = through(average.of).op.name if average else ""
        network = self._network_of.get(source)
        if average is not None and network is not None:
            copies = self._copies.setdefault(network, {}).setdefault(f"{network}_average", {})
            if source in copies:
                self.refused.append(f"two averages of {source}, {copies[source]} the first")
            copies[source] = average.variable
            words = {"decay": average.decay, "of": source, "network": network}
            return d.Effect("average", effect.op.name, (average.variable,), settings=words)
        self.refused.append(f"an assignment to {effect.variable} ({effect.op.name})")
        return d.Effect("assign", effect.op.name, (effect.variable,))

    def _name_loss(self, loss: d.Value, tensor: Tensor, variables: Sequence[str]) -> None:
        if loss in self.losses.values():
            return
        network = self._network_of.get(variables[0], "")
        word = segments.identifier(tensor.op.name.rpartition("/")[2])
        name = word if "loss" in word else f"{network}_loss"
        while name in self.losses:
            name += "_"
        self.losses[name] = loss


class _Build:
    """Puts the units of one run into the stages where they are computed."""

    def __init__(self, bodies: Bodies, number: int) -> None:
        self.bodies, self.number = bodies, number
        self.buckets: dict[int, list[d.Node]] = {}
        self.values: dict[tuple[Piece, int], d.Value] = {}
        self._done: set[int] = set()
        self._collectors: list[list[d.Node]] = []

    def operand(self, x: Operand) -> d.Operand:
        if not isinstance(x, Out):
            return x
        self._visit(self._unit(x.piece))
        return self.values[x.piece, x.index]

    def _unit(self, piece: Piece) -> Unit:
        return self.bodies._of_piece.get(piece, piece)

    def _needs(self, unit: Unit) -> list[Unit]:
        inputs = unit.inputs
        return [self._unit(x.piece) for x in inputs if isinstance(x, Out)]

    def _visit(self, unit: Unit) -> None:
        if id(unit) in self._done:
            return
        if isinstance(unit, Piece) and unit.kind == "gradient":
            self._gradient(unit)
            return
        for other in self._needs(unit):
            self._visit(other)
        self._done.add(id(unit))
        if isinstance(unit, Call):
            self._put(self._call(unit), max(p.stage for p in unit.pieces))
        elif unit.kind == "input":
            for i in range(len(unit.outputs)):
                self._input(unit, i)
        elif unit.kind == "draw":
            self._draw(unit)
        else:
            self._put(self.bodies._node(unit, self.values), unit.stage)

    def _put(self, node: d.Node, stage: int) -> None:
        if self._collectors:
            self._collectors[-1].append(node)
        else:
            self.buckets.setdefault(stage, []).append(node)

    def _input(self, unit: Piece, i: int) -> None:
        name = unit.op.name + (f":{i}" if i else "")
        bodies = self.bodies
        if f"{name}@{self.number + 1}" in bodies.again:
            name = f"{name}@{self.number + 1}"
        if name not in bodies._inputs:
            word = bodies.names.inputs.get(name) or segments.identifier(name.rpartition("/")[2])
            taken = {n.value.name.partition(".")[0] for n in bodies._inputs.values()}
            while word in taken:
                word += "_"
            value = bodies._value(Out(unit, i), word)
            bodies._inputs[name] = d.Node("input", (value,), ops=(name,))
        self.values[unit, i] = bodies._inputs[name].value

    def _draw(self, unit: Piece) -> None:
        bodies = self.bodies
        name = unit.op.name
        if name not in bodies._draws:
            words = name.split("/")
            word = words[-1] if words[-1] not in DRAWS or len(words) == 1 else words[-2]
            word = bodies.names.inputs.get(name) or segments.identifier(word)
            nodes = (*bodies._inputs.values(), *bodies._draws.values())
            taken = {n.value.name.partition(".")[0] for n in nodes}
            while word in taken:
                word += "_"
            value = bodies._value(Out(unit), word)
            bodies._draws[name] = d.Node("draw", (value,), ops=(name,))
        argument = bodies._draws[name].value
        node = bodies._node(unit, self.values, argument.name.partition(".")[0])
        settings = {**node.settings, "argument": argument}
        self._put(replace(node, settings=settings), unit.stage)

    def _call(self, call: Call) -> d.Node:
        bodies = self.bodies
        function = bodies._functions[call.network][segments.signature(call)]
        inputs = tuple(bodies._operand(x, self.values) for x in call.inputs)
        outputs = []
        for i, j in sorted(bodies._outputs[bodies._key(call)]):
            value = bodies._value(Out(call.pieces[i], j), f"{call.network}_out")
            self.values[call.pieces[i], j] = value
            outputs.append(value)
        norms = [p for p in call.pieces if p.kind == "batch_norm"]
        by = {p.settings["by"] for p in norms}
        moved = {p: bodies._moved[self.number].get(p) for p in norms}
        moving = {m is not None for p, m in moved.items() if p.settings["by"] == "batch"}
        whiches = {m[1] for m in moved.values() if m}
        if len(by) > 1 or len(moving) > 1 or len(whiches) > 1:
            bodies.refused.append(f"batch norms in several modes in one call of {call.network}")
        if "averages" in by and any(p.kind == "dropout" for p in call.pieces):
            bodies.refused.append(f"dropout beside norms by averages in a call of {call.network}")
        training = by == {"batch"} or any(p.kind == "dropout" for p in call.pieces)
        settings = {
            "network": call.network,
            "function": function.name,
            "training": training,
            "moves": moving == {True},
            "averages": next(iter(whiches), 0),
        }
        return d.Node("call", tuple(outputs), inputs, settings)

    def _gradient(self, unit: Piece) -> None:
        y, x = unit.inputs
        assert isinstance(y, Out) and isinstance(x, Out)
        self._visit(self._unit(x.piece))
        depending = self._depending(self._unit(y.piece), self._unit(x.piece))
        for other in depending:
            for need in self._needs(other):
                if need not in depending:
                    self._visit(need)
        body: list[d.Node] = []
        self._collectors.append(body)
        self._visit(self._unit(y.piece))
        self._collectors.pop()
        self._done.add(id(unit))
        node = self.bodies._node(unit, self.values, "gradient")
        self._put(replace(node, body=tuple(body)), unit.stage)

    def _depending(self, y: Unit, x: Unit) -> list[Unit]:
        """The units from x to y, y the last."""
        known: dict[int, bool] = {id(x): False}
        found: list[Unit] = []

        def visit(unit: Unit) -> bool:
            if unit is x:
                return True
            if id(unit) not in known:
                known[id(unit)] = False
                known[id(unit)] = any([visit(n) for n in self._needs(unit)])  # noqa: C419  # all are visited
                if known[id(unit)]:
                    found.append(unit)
            return known[id(unit)]

        visit(y)
        return found
