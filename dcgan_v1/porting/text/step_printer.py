"""What the writers of a training step have in common: the method's frame, bodies, draws."""

import re
from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from dcgan_v1.porting import description as d
from dcgan_v1.porting.reading.network_names import unused
from dcgan_v1.porting.text import repeats
from dcgan_v1.porting.text import step as steps
from dcgan_v1.porting.text.printing import Names
from dcgan_v1.porting.text.repeats import Repeat
from dcgan_v1.porting.text.step import Step

Printer = TypeVar("Printer", bound=Names)


class StepPrinter(ABC, Generic[Printer]):
    """Prints a step.

    Args:
      step: what is printed.
      printer: says expressions.

    Attributes:
      refused: what has no words in the framework.
      looped: value of a loss in a loop -> (how names of its values begin, the first's number, the
        list of them all).
    """

    decorators: ClassVar[tuple[str, ...]] = ()
    returned: ClassVar[str] = "{}"  # a loss as it is returned

    def __init__(self, step: Step, printer: Printer) -> None:
        self.step, self.stages, self.printer = step, step.program.stages, printer
        self.refused = printer.refused
        self.looped: dict[str, tuple[str, int, str]] = {}

    def lines(self) -> list[str]:
        """Returns the method's lines."""
        step = self.step
        words = ["self", *step.inputs.values(), *(f"{name}=None" for name in step.draws.values())]
        inner: list[str] = []
        self.looped = {}
        for repeat in repeats.of(step.program):
            if repeat.others:
                inner += self._loop(repeat)
            else:
                inner += [line for number in repeat.stages for line in self._stage(number)]
        pairs = [f'"{name}": {loss}' for name, loss in self._returned().items()]
        of_loops = dict.fromkeys(self.looped.values())
        pairs += [
            f'**{{f"{name}_{{i}}": loss for i, loss in enumerate({losses}, {start})}}'
            for name, start, losses in of_loops
        ]
        inner.append(f"return {{{', '.join(pairs)}}}")
        head = [*self.decorators, f"def train_step({', '.join(words)}):"]
        return [*head, *(f"    {line}" for line in inner)]

    def _returned(self) -> dict[str, str]:
        """Loss -> what is returned for it, but for those that loops have gathered."""
        alone = {k: v for k, v in self._losses.items() if v.name not in self.looped}
        return {k: self.returned.format(self.step.values[v.name]) for k, v in alone.items()}

    def _loop(self, repeat: Repeat) -> list[str]:
        """Returns the lines of runs that are the same but for what they are given."""
        step, arguments = self.step, self.step.inputs | self.step.draws
        taken = {*arguments.values(), *step.values.values(), *(x[2] for x in self.looped.values())}
        head = self._loop_head(repeat, unused("runs", taken))
        lines, lists = [], []
        for loss, value in self._losses.items():
            if value.name in step.made_in_all(repeat.stages):
                others = [value.name, *(pairs[value.name] for pairs in repeat.others)]
                stem, start = self._counted(loss, others)
                word = re.sub(r"_\d+$", "", loss)
                losses = unused(f"{word}es" if word.endswith("s") else f"{word}s", taken)
                taken.add(losses)
                lists.append(f"{losses} = []")
                self.looped.update(dict.fromkeys(others, (stem, start, losses)))
                lines.append(f"{losses}.append({self.returned.format(step.values[value.name])})")
        self._begin_loop()
        body = [line for number in repeat.stages for line in self._stage(number)]
        return [*lists, *head, *(f"    {line}" for line in [*body, *lines])]

    def _loop_head(self, repeat: Repeat, name: str) -> list[str]:
        """Returns the lines ahead of a loop's body; `name` is that of what its runs are given."""
        if not repeat.given:
            return [f"for _ in range({1 + len(repeat.others)}):"]
        arguments = self.step.inputs | self.step.draws
        runs = [[arguments[value] for value in repeat.given]]
        runs += [[arguments[pairs[value]] for value in repeat.given] for pairs in repeat.others]
        rows = ["(" + ", ".join(run) + ")" if len(run) > 1 else run[0] for run in runs]
        return [f"{name} = ({', '.join(rows)})", f"for {', '.join(runs[0])} in {name}:"]

    def _counted(self, loss: str, values: list[str]) -> tuple[str, int]:
        """How a loop names a loss's values: (stem, the first's number), as the losses are named
        where these follow each other: d_loss_3, d_loss_4; else they are parts of the first's."""
        stem, _, number = loss.rpartition("_") if loss[-1].isdigit() else (loss, "", "1")
        if not number.isdecimal():
            return loss, 1
        names = {value.name: name for name, value in self._losses.items()}
        own = [names.get(value, "") for value in values[1:]]
        start = int(number)
        follows = own == [f"{stem}_{i}" for i in range(start + 1, start + len(values))]
        return (stem, start) if follows else (loss, 1)

    def _begin_loop(self) -> None:
        """Forgets what lines before a loop said that may not hold in its later rounds."""

    @property
    def _losses(self) -> dict[str, d.Value]:
        return self.step.program.losses

    @abstractmethod
    def _stage(self, number: int) -> list[str]:
        """Returns the lines of a stage."""

    @abstractmethod
    def _node(self, node: d.Node) -> list[str]:
        """Returns the lines of a node that has a line of its own."""

    def _body(self, nodes: tuple[d.Node, ...]) -> list[str]:
        kept = {v.name for v in self._losses.values()} | self.step.needed_beyond(nodes)
        return steps.body(nodes, self.printer, kept, self._node)

    def _drawn(self, node: d.Node, drawn: str) -> list[str]:
        """Returns the lines of a draw, which is made unless it is given.

        Args:
          node: itself; drawn: the expression that makes it.
        """
        made, argument = self.printer.made(node), self.step.draws[node.settings["argument"].name]
        if made == argument:
            return [f"if {argument} is None:", f"    {argument} = {drawn}"]
        return [f"{made} = {drawn} if {argument} is None else {argument}"]
