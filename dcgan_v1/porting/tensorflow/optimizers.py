"""Optimisers of a port in TensorFlow: Keras's, or what TF1 does where that is not the same."""

from typing import Any

from dcgan_v1.porting import description as d

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
        accumulator.assign(accumulator * self.momentum + gradient)
        variable.assign_sub(tf.cast(learning_rate, variable.dtype) * accumulator)
'''
ADAM = '''\
class Adam(keras.optimizers.Adam):
    """Adam whose epsilon is added after the second moment's bias is corrected."""

    def update_step(self, gradient, variable, learning_rate):
        updates = tf.cast(self.iterations + 1, variable.dtype)
        rest = 1 - tf.cast(self.beta_2, variable.dtype) ** updates
        epsilon, self.epsilon = self.epsilon, self.epsilon * tf.sqrt(rest)
        super().update_step(gradient, variable, learning_rate)
        self.epsilon = epsilon
'''


def classes(program: d.Program) -> list[str]:
    """Returns the classes that a program's optimisers need beside Keras's."""
    return list(dict.fromkeys(own for o in program.optimizers if (own := _own(o))))


def _own(o: d.Optimizer) -> str:
    """The text of the class that is the optimiser, '' where Keras has it."""
    if o.kind == "Momentum" and o.schedule:
        return MOMENTUM
    return ADAM if o.settings.get("epsilon after the correction") else ""


def lines(o: d.Optimizer, variables: str) -> list[str]:
    """Returns the lines that make an optimiser.

    Args:
      o: itself.
      variables: expression of what it trains.

    Raises:
      Refused: Keras has none that is the same function.
    """
    if o.kind not in ("Adam", "RMSProp", "Momentum", "GradientDescent"):
        raise d.Refused(f"the optimiser {o.kind} ({o.name})")
    made = [f"self.{o.name} = {_constructor(o)}", f"self.{o.name}.build({variables})"]
    if o.kind == "RMSProp":
        made.append(f"for v in self.{o.name}._velocities:")
        begin = o.settings.get("begin", 1)
        value = "tf.ones_like(v)" if begin == 1 else f"{begin} * tf.ones_like(v)"
        made.append(f"    v.assign({value})  # TF1's averages begin with {begin}")
    return made


def _constructor(o: d.Optimizer) -> str:
    s, rate = o.settings, _rate(o)
    momentum = s.get("momentum", 0.0)
    if o.kind == "Momentum" and _own(o):
        return f"Momentum({rate}, {momentum})"
    if o.kind == "Adam":
        kind = "Adam"
        words = [f"beta_1={s['beta1']}", f"beta_2={s['beta2']}", f"epsilon={s['epsilon']}"]
    elif o.kind == "RMSProp":
        kind = "RMSprop"
        words = [f"rho={s['rho']}", f"momentum={momentum}", f"epsilon={s['epsilon']}"]
    else:
        kind = "SGD"
        words = [f"momentum={momentum}"] if momentum else []
        words += ["nesterov=True"] if s.get("nesterov") else []
    place = "" if _own(o) else "keras.optimizers."
    return f"{place}{kind}({', '.join([str(rate), *words])})"


def _rate(o: d.Optimizer) -> Any:
    if not o.schedule:
        return o.settings.get("learning rate")
    n = o.schedule[1]
    words = f"{n['rate']}, {int(n['steps'])}, {n['factor']}, staircase={n['staircase']}"
    return f"keras.optimizers.schedules.ExponentialDecay({words})"
