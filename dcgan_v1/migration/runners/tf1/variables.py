"""The values of a foreign graph's variables: what they begin with, read and loaded."""

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import tensor_util

from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration.adam_powers import UNDERFLOWED, power_after, updates_done
from dcgan_v1.migration.records import Arrays, State
from dcgan_v1.migration.runners.tf1.graph.opening import Opened
from dcgan_v1.migration.runners.tf1.reading import graph_ops
from dcgan_v1.migration.runners.tf1.reading.roles import Roles, refuse_savers


class Variables:
    """Reads and loads the variables of an opened program.

    Attributes:
      readers: variable -> tensor.
      constants: of a frozen graph, name -> array that is fed in a constant's place.
      overrides: (optimiser, setting) -> number that stands for the graph's.
    """

    session: tf.Session  # the runner's, set when it is there

    def __init__(
        self, graph: tf.Graph, program: Opened, roles: Roles, types: dict[str, str], trust: bool
    ) -> None:
        self._graph, self._program, self._roles = graph, program, roles
        self._types, self._trust = types, trust
        self.readers: dict[str, tf.Tensor] = {}
        self._loaders: dict[str, tuple[tf.Tensor, tf.Operation]] = {}
        self.constants: Arrays = {}
        self.overrides: dict[tuple[str, str], float] = {}
        for name in program.variables:
            op = graph.get_operation_by_name(name)
            if program.frozen:
                self.readers[name] = op.outputs[0]
            else:
                self._add_loader(name, op)

    def _add_loader(self, name: str, op: tf.Operation) -> None:
        dtype = tf.as_dtype(op.get_attr("dtype")).base_dtype
        shape = tf.TensorShape(op.get_attr("shape"))
        value = tf.placeholder(dtype, shape if shape.rank is not None else None)
        handle = op.outputs[0]
        if op.type == "VarHandleOp":
            reader = tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype)
            load = tf.raw_ops.AssignVariableOp(resource=handle, value=value)
        else:
            reader = handle
            load = tf.raw_ops.Assign(ref=handle, value=value, validate_shape=False).op
        self.readers[name], self._loaders[name] = reader, (value, load)

    def initial(self) -> State:
        """Returns the values to start from: the checkpoint's, else the graph's own."""
        if self._program.frozen:
            return self.state()
        values = dict(self._program.values)
        for name in self._numbers() & values.keys():  # float32's 0.999 is meant as 0.999
            decimal = float(f"{float(values[name]):.7g}")
            if np.float32(decimal) == np.float32(values[name]):
                values[name] = np.asarray(decimal)
        self._initialize([name for name in self._program.variables if name not in values])
        self._assign(values)
        for name, (optimizer, power) in self._roles.powers.items():
            if name in values and power == "beta2_power":
                count = _count(values[name], self.setting(optimizer, "beta2"))
                self.load(State(updates={optimizer: count}))
        return self.state()

    def _numbers(self) -> set[str]:
        """The variables that keep a setting of an optimiser, as Keras has them, or a number that no
        optimiser trains: BEGAN's k."""
        applies = [apply for update in self._roles.updates for apply in update.applies]
        names = {graph_ops.variable_of(t) for apply in applies for t in apply.settings.values()}
        kept = {apply.variable for apply in applies} | {*self._roles.slots, *self._roles.powers}
        names |= self.readers.keys() - kept
        numbers = {n for n in names if n in self.readers and self.readers[n].shape.rank == 0}
        return {n for n in numbers if self.readers[n].dtype.is_floating}

    def _initialize(self, names: list[str]) -> None:
        """Gives variables their first values: at once where these are made of no other variable."""
        at_once: dict[str, tf.Operation] = {}
        for name in names:
            assign = self._initializer(name)
            if assign is None:
                raise UserError(f"{name} has no initial value: give a checkpoint")
            above = graph_ops.above([assign])
            refuse_savers(above, self._program.source, self._trust)
            if {op.name for op in above} & set(self._program.variables) == {name}:
                at_once[name] = assign
        try:
            self.session.run(list(at_once.values()))
        except tf.errors.OpError:
            at_once = {}  # one by one shows which it is
        for name in names:
            if name not in at_once:
                self._initialize_one(name)

    def _initialize_one(self, name: str) -> None:
        try:
            self.session.run(self._initializer(name))
        except tf.errors.OpError as error:
            raise UserError(
                f"{name} has no initial value without data ({reason(error)}): give a checkpoint"
            ) from error

    def _initializer(self, name: str) -> tf.Operation | None:
        """The op that gives a variable its first value: what its collection says, or
        the first that assigns to it."""
        initializer = self._program.initializers.get(name, f"{name}/Assign")
        users = self._graph.get_operation_by_name(name).outputs[0].consumers()
        assigns = {
            op.name: op
            for op in users
            if op.type in ("Assign", "AssignVariableOp")
            and op.name in self._types  # not one of our loaders
        }
        first = next((n for n in self._types if n in assigns), None)
        return assigns.get(initializer) or assigns.get(first)

    def read(self) -> Arrays:
        """Returns variable -> array, slots and powers as they are."""
        return self.session.run(self.readers)

    def state(self) -> State:
        """Returns all that training moves; powers of betas, and steps, as numbers of updates."""
        values = self.read()
        if self._program.frozen:
            return State(values | self.constants)
        slots, powers = self._roles.slots, self._roles.powers
        updates = {
            optimizer: _count(values[name], self.setting(optimizer, "beta2"))
            for name, (optimizer, power) in powers.items()
            if power == "beta2_power"
        }
        for optimizer, name in self._roles.step_counts.items():
            if updates.get(optimizer, UNDERFLOWED) == UNDERFLOWED:  # no power tells any more
                updates[optimizer] = int(values[name])
        own = {n: v for n, v in values.items() if n not in powers and n not in slots}
        return State(own, {key: values[name] for name, key in slots.items()}, updates)

    def load(self, state: State) -> None:
        """Sets what the state holds."""
        values = {n: a for n, a in state.variables.items() if n in self._loaders}
        for name, key in self._roles.slots.items():
            if key in state.slots:
                values[name] = state.slots[key]
        for name, (optimizer, power) in self._roles.powers.items():
            if optimizer in state.updates:
                beta = self.setting(optimizer, power.removesuffix("_power"))
                count = state.updates[optimizer]
                values[name] = np.asarray(power_after(beta, count, self._dtype_of(name)))
        self._assign(values)
        if self._program.frozen:
            self.constants = {n: state.variables[n] for n in self.readers if n in state.variables}

    def _assign(self, values: Arrays) -> None:
        # in one call: TensorFlow looks through the graph at the first of each kind
        feed: dict[tf.Tensor, np.ndarray] = {
            self._loaders[name][0]: np.asarray(array, self._dtype_of(name))
            for name, array in values.items()
        }
        self.session.run([self._loaders[name][1] for name in values], feed)

    def _dtype_of(self, name: str) -> type:
        return self._loaders[name][0].dtype.as_numpy_dtype

    def setting(self, optimizer: str, name: str) -> float:
        """A constant setting of an optimiser, as the decimal that was written."""
        if (optimizer, name) in self.overrides:
            return self.overrides[optimizer, name]
        update = next(u for u in self._roles.updates if u.optimizer == optimizer)
        tensor = update.applies[0].settings[name]
        if tensor.op.type == "Const":  # constant_value() would forbid to feed it ever after
            value = tensor_util.MakeNdarray(tensor.op.get_attr("value"))
        else:
            value = self.session.run(tensor)
        return float(f"{float(value):.7g}")

    def shape(self, name: str) -> list[int]:
        """Returns a variable's shape; where the graph leaves it open, its value's."""
        shape = self.readers[name].shape
        if shape.rank is None:
            return list(self.session.run(self.readers[name]).shape)
        return shape.as_list()


def _count(power: np.ndarray, beta: float) -> int:
    """Returns how often an Adam has been applied. The power has the dtype
    in which it was kept."""
    try:
        return updates_done(power[()], beta)
    except UserError:  # other sums than Adam's own led to it
        return max(round(float(np.log(power) / np.log(beta))) - 1, 0)
