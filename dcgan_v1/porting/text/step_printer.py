"""What the writers of a training step have in common: the method's frame, bodies, draws."""

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import step as steps
from dcgan_v1.porting.text.printing import Names
from dcgan_v1.porting.text.step import Step

Printer = TypeVar("Printer", bound=Names)


class StepPrinter(ABC, Generic[Printer]):
    """Prints a step.

    Args:
      step: what is printed.
      printer: says expressions.

    Attributes:
      refused: what has no words in the framework.
    """

    decorators: ClassVar[tuple[str, ...]] = ()
    returned: ClassVar[str] = "{}"  # a loss as it is returned

    def __init__(self, step: Step, printer: Printer) -> None:
        self.step, self.stages, self.printer = step, step.program.stages, printer
        self.refused = printer.refused

    def lines(self) -> list[str]:
        """Returns the method's lines."""
        step = self.step
        words = ["self", *step.inputs.values(), *(f"{name}=None" for name in step.draws.values())]
        inner = [line for number in range(len(self.stages)) for line in self._stage(number)]
        losses = {k: self.returned.format(step.values[v.name]) for k, v in self._losses.items()}
        pairs = ", ".join(f'"{name}": {loss}' for name, loss in losses.items())
        inner.append(f"return {{{pairs}}}")
        head = [*self.decorators, f"def train_step({', '.join(words)}):"]
        return [*head, *(f"    {line}" for line in inner)]

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
        kept = {v.name for v in self._losses.values()}
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
