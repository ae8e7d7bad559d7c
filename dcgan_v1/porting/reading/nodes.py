"""Turns pieces into a description's bodies: functions of networks, stages of a step."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dcgan_v1.porting import description as d
from dcgan_v1.porting.graphs.graph import Tensor, through
from dcgan_v1.porting.reading import broadcasting, effects, moved_averages, rows_beside, segments
from dcgan_v1.porting.reading.averages import key_of
from dcgan_v1.porting.reading.building import Building, draw_word, input_word, unnamed_inputs
from dcgan_v1.porting.reading.flow import Operand, Out, Piece
from dcgan_v1.porting.reading.network_names import common_scope, identifier, unused, value_name
from dcgan_v1.porting.reading.segments import Call

if TYPE_CHECKING:
    from dcgan_v1.porting.reading.averages import Averages
    from dcgan_v1.porting.reading.corrections import Names
    from dcgan_v1.porting.reading.runs import Run


class Bodies:
    """Makes functions and stages.

    Args:
      calls: of all networks.
      runs: session runs.
      networks: name -> trained variables.
      averages: of batch norms.
      names: of a map.
      again: 'z@2', inputs and draws that a later run is given anew.

    Attributes:
      networks, stages, inputs, draws, losses: of the description.
      refused: what has no place in a port.
      unnamed: scope -> how many inputs without a name of their own it holds.
    """

    def __init__(
        self,
        calls: list[Call],
        runs: "list[Run]",
        networks: dict[str, list[str]],
        averages: "Averages",
        names: "Names",
        again: Collection[str] = (),
    ) -> None:
        self.refused: list[str] = []
        self._debiased = ""  # the first average that is
        self.names, self.again = names, again
        self._calls, self._runs, self._averages = calls, runs, averages
        self.unnamed = unnamed_inputs(p for run in runs for p in run.flow.pieces)
        self.of_piece = {p: call for call in calls for p in call.pieces}
        self._count = 0
        self._network_of = {v: name for name, names in networks.items() for v in names}
        averages.put_fed_first(self._network_of)
        self.moved = [moved_averages.of_run(run, averages, self.refused) for run in runs]
        self.fed: dict[str, d.Node] = {}
        self.drawn: dict[str, d.Node] = {}
        self.functions: dict[str, dict[Any, d.Function]] = {}
        self._copies: dict[str, dict[str, dict[str, str]]] = {}
        self.networks: tuple[d.Network, ...] = ()
        self.outputs: dict[Any, list[tuple[int, int]]] = {}  # of a function, of all its calls
        self._name_bare_norms(calls)
        for call in calls:
            places = self.outputs.setdefault(self.key(call), [])
            places += [p for p in segments.output_places(call) if p not in places]
        for call in sorted(calls, key=lambda call: -len(call.pieces)):  # the whole network first
            self._add_function(call)
        self.losses: dict[str, d.Value] = {}
        self.stages = tuple(stage for i in range(len(runs)) for stage in self._stages(i))
        self.inputs, self.draws = tuple(self.fed.values()), tuple(self.drawn.values())
        self.networks = tuple(self._network(name, own) for name, own in networks.items())

    def forward(self, ends: Sequence[Operand]) -> tuple[d.Node, ...]:
        """Returns what leads to the outputs of a program that has no step."""
        build = Building(self, 0)
        for end in ends:
            build.operand(end)
        self.inputs, self.draws = tuple(self.fed.values()), tuple(self.drawn.values())
        return tuple(build.buckets.get(0, ()))

    def dropouts(self) -> tuple[str, ...]:
        """Returns what the networks' dropouts take, in their order, where it is not TF1's."""
        taken = [
            (stage.run, *drawn)
            for stage in self.stages
            for node in d.walk(stage.nodes)
            for drawn in node.settings.get("dropouts", ())
        ]
        return tuple(name for _, _, name in taken) if taken != sorted(taken) else ()

    # ---- networks ----

    def _network(self, name: str, own: list[str]) -> d.Network:
        functions = tuple(self.functions.get(name, {}).values())
        variables = list(own)
        for function in functions:
            for node in d.walk(function.nodes):
                for pair in node.settings.get("averages", ()):
                    variables += [v for v in pair if v not in variables]
        for copies in self._copies.get(name, {}).values():
            if left := sorted(set(own) - set(copies)):
                self.refused.append(f"an average of a part of {name}: {', '.join(left)} has none")
        scope = common_scope(own)
        return d.Network(name, scope, functions, tuple(variables), self._copies.get(name, {}))

    def key(self, call: Call) -> Any:
        return call.network, segments.signature(call)

    def _add_function(self, call: Call) -> None:
        known = self.functions.setdefault(call.network, {})
        key = segments.signature(call)
        if key in known:
            return
        values: dict[tuple[Piece, int], d.Value] = {}
        inputs = []
        for i, x in enumerate(call.inputs):
            assert isinstance(x, Out)
            value = self.value(x, value_name(self._argument_word(call, i)))
            values[x.piece, x.index] = value
            inputs.append(value)
        nodes = [self.node(p, values) for p in call.pieces]
        self._refuse_shared(call, nodes)
        places = sorted(self.outputs[self.key(call)])
        outputs = tuple(values[call.pieces[i], j] for i, j in places)
        training = any(p.kind in ("batch_norm", "dropout") for p in call.pieces)
        name = "call" if not known else f"call_{len(known) + 1}"
        body = rows_beside.folded(nodes, outputs)
        known[key] = d.Function(name, tuple(inputs), body, outputs, training)

    def _argument_word(self, call: Call, i: int) -> str:
        """What a network's i-th argument is called: after what a call of it is fed, or draws."""
        same = [other for other in self._calls if self.key(other) == self.key(call)]
        given = [x for other in same if isinstance(x := other.inputs[i], Out)]
        for x in sorted(given, key=lambda x: x.piece.kind != "input"):
            if x.piece.kind == "input":
                return input_word(x.piece.op.name, x.piece, x.index, self.unnamed)
            if x.piece.kind == "draw":
                return draw_word(x.piece.op.name)
        return f"x{i or ''}"  # always computed

    def _refuse_shared(self, call: Call, nodes: list[d.Node]) -> None:
        """Refuses weights that another network has: they would be two variables in a port."""
        for node in nodes:
            names = [*node.variables.values()]
            names += [x.variable for x in node.inputs if isinstance(x, d.Weight)]
            for name in names:
                owner = self._network_of.get(name, call.network)
                if owner != call.network:
                    self.refused.append(f"{name} of {owner}, which {call.network} uses, too")

    def value(self, x: Out, hint: str = "") -> d.Value:
        self._count += 1
        shape, dtype = x.piece.outputs[x.index]
        return d.Value(f"{hint or 'h'}.{self._count}", shape, dtype)

    def node(
        self, piece: Piece, values: dict[tuple[Piece, int], d.Value], hint: str = ""
    ) -> d.Node:
        """Returns a piece of the graph as a node of a function's body.

        Args:
          piece: what the patterns made of ops.
          values: what the body has so far; what the node makes is added.
          hint: what to call that.
        """
        made = []
        for i in range(len(piece.outputs)):
            value = self.value(Out(piece, i), hint)
            values[piece, i] = value
            made.append(value)
        inputs = tuple(self.operand(x, values) for x in piece.inputs)
        settings = dict(piece.settings)
        variables = dict(piece.variables)
        if piece.kind == "batch_norm":
            settings |= self._of_batch_norm(piece)
        wished = [self.names.layers[v] for v in variables.values() if v in self.names.layers]
        if wished:
            settings["attribute"] = wished[0]
        ops = (piece.op.name,)
        node = d.Node(piece.kind, tuple(made), inputs, settings, variables, ops=ops)
        return broadcasting.as_numbers(node)

    def operand(self, x: Operand, values: dict[tuple[Piece, int], d.Value]) -> d.Operand:
        return values[x.piece, x.index] if isinstance(x, Out) else x

    # ---- batch norms ----

    def _of_batch_norm(self, piece: Piece) -> dict[str, Any]:
        pairs = self._pairs(piece)
        decays = [m[2] for moved in self.moved for m in moved.values() if m[0] in pairs]
        momentum = decays[0] if decays else None
        if len(set(decays)) > 1:
            self.refused.append(f"a batch norm of several decays ({piece.op.name})")
        return {"averages": tuple(pairs), "momentum": momentum}

    def _pairs(self, piece: Piece) -> list[tuple[str, str]]:
        """The averages of a batch norm: those of its gamma and beta, or else its own."""
        key = key_of(piece.variables)
        if any(key):
            return self._averages.of.get(key, [])
        own = tuple(piece.variables.get(part, "") for part in ("mean", "variance"))
        return [(own[0], own[1])] if all(own) else []

    def _name_bare_norms(self, calls: list[Call]) -> None:
        """A batch norm without gamma and beta is known by its averages: those that a run moves, or
        that it reads, are those of every call of the network."""
        for moved in self.moved:
            for piece, (pair, _, _) in moved.items():
                piece.variables |= dict(zip(("mean", "variance"), pair, strict=True))
        places: dict[Any, dict[str, str]] = {}
        for _ in range(2):
            for call in calls:
                for i, piece in enumerate(call.pieces):
                    is_bare = not {"gamma", "beta"} & piece.variables.keys()
                    if piece.kind == "batch_norm" and is_bare:
                        known = places.setdefault((self.key(call), i), dict(piece.variables))
                        known |= piece.variables
                        piece.variables |= known

    # ---- stages ----

    def _stages(self, number: int) -> list[d.Stage]:
        run = self._runs[number]
        build = Building(self, number)
        build.visit_first(list(self.moved[number]), run.flow.pieces)
        parts = [self._effect(effect, run, build) for effect in run.effects]
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

    def _effect(self, effect: Any, run: "Run", build: Building) -> d.Effect:
        if isinstance(effect, effects.Updated):
            assert run.updates is not None
            info = run.updates.info.updates[effect.number]
            clipping = run.updates.clipping(effect.number)
            if rows := run.updates.sparse(effect.number):
                self.refused.append(f"the sparse update of {', '.join(rows)}, by rows looked up")
            elif clipping is None:
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
        if effects.is_debiased(effect):
            self._debiased = self._debiased or effect.variable.removesuffix("/biased")
            what = f"averages without the bias of their zeros, {self._debiased} first"
            how = "assign_moving_average(..., zero_debias=False) has others"
            self.refused.append(f"{what} ({how})")
        else:
            self.refused.append(f"an assignment to {effect.variable} ({effect.op.name})")
        return d.Effect("assign", effect.op.name, (effect.variable,))

    def _name_loss(self, loss: d.Value, tensor: Tensor, variables: Sequence[str]) -> None:
        if loss in self.losses.values():
            return
        network = self._network_of.get(variables[0], "")
        word = identifier(tensor.op.name.removesuffix("/sum").rpartition("/")[2])
        name = word if "loss" in word else f"{network}_loss"
        self.losses[unused(name, self.losses)] = loss
