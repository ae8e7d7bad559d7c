"""Names for what a port computes by functions instead of layers: 'D/relu', 'D/relu_2'."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Pass:
    """The names that the functions of one pass through a model have had."""

    number: int = 1
    uses: dict[str, int] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)

    def name(self, model: str, function: str, weights: Iterable[str], kind: str) -> str:
        """Returns 'D/relu' or 'D/relu_2', in a second pass 'D/relu#2'.

        Args:
          model, function: the port's model, and what it calls.
          weights: variables that the function is given.
          kind: of the layer that it makes.
        """
        own = set(weights)
        if own & self.variables and kind != "bias":
            self.begin()  # bare tensors are used once more
        self.variables |= own
        self.uses[function] = count = self.uses.get(function, 0) + 1
        name = f"{model}/{function.strip('_')}{f'_{count}' if count > 1 else ''}"
        return name if self.number == 1 else f"{name}#{self.number}"

    def begin(self) -> None:
        """Another pass through the model."""
        if self.uses:
            self.number, self.uses, self.variables = self.number + 1, {}, set()
