"""Optimisers of a PyTorch port: torch's own, or what TF1 does where that is not the same."""

from dcgan_v1.porting import description as d

ADAM = '''\
class Adam(torch.optim.Adam):
    """TF1's Adam: it adds epsilon before the second moment's bias is corrected."""

    def __init__(self, parameters, lr, betas, epsilon):
        super().__init__(parameters, lr=lr, betas=betas)
        self.epsilon = epsilon

    def step(self):
        counts = [int(state.get("step", 0)) for state in self.state.values()]
        updates = max(counts, default=0) + 1
        for group in self.param_groups:
            group["eps"] = self.epsilon / (1 - group["betas"][1] ** updates) ** 0.5
        super().step()
'''
SHARED = '''\
class SharedAdam({base}):
    """TF1's Adam of several groups of weights: an update of one counts for all of them, where
    torch counts for each weight."""

    def step(self):
        counts = [int(state.get("step", 0)) for state in self.state.values()]
        for group in self.param_groups:
            for v in group["params"]:
                state = self.state[v]
                if not state:  # torch makes it where a weight first moves
                    state.update(exp_avg=torch.zeros_like(v), exp_avg_sq=torch.zeros_like(v))
                state["step"] = torch.tensor(float(max(counts, default=0)))
        super().step()
'''
RMSPROP = '''\
class RMSprop(torch.optim.RMSprop):
    """TF1's RMSProp: averages begin with 1, epsilon is inside the root, momentum sums steps."""
{init}
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for v in group["params"]:
                if v.grad is None:
                    continue
                state = self.state[v]
                if not state:
                    state["step"] = torch.tensor(0.0)
                    state["square_avg"] = {begin}
                    state["momentum_buffer"] = torch.zeros_like(v)
                state["step"] += 1
                state["square_avg"].lerp_(v.grad.square(), 1 - group["alpha"])
                change = group["lr"] * v.grad / (state["square_avg"] + group["eps"]).sqrt()
                if group["momentum"]:
                    change = state["momentum_buffer"].mul_(group["momentum"]).add_(change)
                v -= change
'''
BEGIN = """
    def __init__(self, parameters, begin=1.0, **settings):
        super().__init__(parameters, **settings)
        self.begin = begin  # TF1's program sets it before its first step
"""
DECAY = '''\
class ExponentialDecay:
    """TF1's decay of a learning rate, by what the optimiser has done: its state dict has that."""

    def __init__(self, optimizer, rate, steps, factor, staircase):
        self.optimizer, self.rate, self.factor = optimizer, rate, factor
        self.steps, self.staircase = steps, staircase
        optimizer.param_groups[0]["updates"] = 0

    def step(self):
        (group,) = self.optimizer.param_groups
        times = group["updates"] / self.steps
        group["lr"] = self.rate * self.factor ** (int(times) if self.staircase else times)
        group["updates"] += 1
'''
CLIPPING = {
    "clip global norm": '''\
def clip_by_global_norm(variables, longest):
    """TF1's clipping: torch's own adds 1e-6 to the norm."""
    norm = torch.stack([v.grad.square().sum() for v in variables]).sum().sqrt()
    for v in variables:
        v.grad *= longest / norm.clamp(min=longest)
''',
    "clip norm": '''\
def clip_by_norm(variables, longest):
    """Clips every gradient by its own norm."""
    for v in variables:
        v.grad *= longest / v.grad.norm().clamp(min=longest)
''',
}
APPLY = '''\
def apply(optimizer, gradients):
    """Updates weights by gradients that were taken before another optimiser moved them."""
    (group,) = optimizer.param_groups
    for v, gradient in zip(group["params"], gradients, strict=True):
        v.grad = gradient
    optimizer.step()
'''
OWN = {"Adam": ADAM, "RMSProp": RMSPROP}


def classes(program: d.Program) -> list[str]:
    """Returns the classes and functions that a program's updates need beside torch's."""
    kinds = {o.kind for o in program.optimizers if not _is_torchs(o)}
    settings = {k for s in program.stages for e in s.effects for k in e.settings}
    begins = any("begin" in o.settings for o in program.optimizers)
    begin = "torch.full_like(v, self.begin)" if begins else "torch.ones_like(v)"
    texts = [
        text.replace("{init}", BEGIN if begins else "").replace("{begin}", begin)
        for kind, text in OWN.items()
        if kind in kinds
    ]
    shared = [o for o in program.optimizers if o.kind == "Adam" and of_groups(program, o)]
    if len({_is_torchs(o) for o in shared}) > 1:
        raise d.Refused("Adams of several groups of weights with epsilon in two places")
    texts += [SHARED.format(base=_adam(o)[0]) for o in shared[:1]]
    texts += [DECAY] if any(o.schedule for o in program.optimizers) else []
    return texts + [text for kind, text in CLIPPING.items() if kind in settings]


def of_groups(program: d.Program, o: d.Optimizer) -> bool:
    """Whether a step has several updates of an optimiser's, which train other weights each."""
    effects = [e for stage in program.stages for e in stage.effects if e.kind == "update"]
    return len({frozenset(e.variables) for e in effects if e.optimizer == o.name}) > 1


def _is_torchs(o: d.Optimizer) -> bool:
    """Whether an Adam adds its epsilon where torch's does."""
    return bool(o.settings.get("epsilon after the correction"))


def _adam(o: d.Optimizer) -> tuple[str, str]:
    """The class of an Adam of one group of weights, and what it calls epsilon."""
    return ("torch.optim.Adam", "eps") if _is_torchs(o) else ("Adam", "epsilon")


def lines(program: d.Program, o: d.Optimizer, parameters: str) -> list[str]:
    """Returns the lines that make an optimiser and its schedule.

    Args:
      program: whose steps it is applied in.
      o: itself.
      parameters: expression of what it trains.

    Raises:
      Refused: torch has none that is the same function.
    """
    s = o.settings
    rate = o.schedule[1]["rate"] if o.schedule else s.get("learning rate")
    momentum = s.get("momentum", 0.0)
    words = [parameters, f"lr={rate}"]
    if o.kind == "Adam":
        kind, epsilon = _adam(o)
        kind = "SharedAdam" if of_groups(program, o) else kind
        words += [f"betas=({s['beta1']}, {s['beta2']})", f"{epsilon}={s['epsilon']}"]
    elif o.kind == "RMSProp":
        kind = "RMSprop"
        words += [f"alpha={s['rho']}", f"eps={s['epsilon']}"]
        words += [f"begin={s['begin']}"] if "begin" in s else []
    elif o.kind in ("Momentum", "GradientDescent"):
        kind = "torch.optim.SGD"
        words += ["nesterov=True"] if s.get("nesterov") else []
    else:
        raise d.Refused(f"the optimiser {o.kind} ({o.name})")
    words += [f"momentum={momentum}"] if momentum else []
    made = [f"self.{o.name} = {kind}({', '.join(words)})"]
    if o.schedule:
        n = o.schedule[1]
        decay = f"{n['rate']}, {int(n['steps'])}, {n['factor']}, staircase={n['staircase']}"
        made.append(f"self.{o.name}_rate = ExponentialDecay(self.{o.name}, {decay})")
    return made
