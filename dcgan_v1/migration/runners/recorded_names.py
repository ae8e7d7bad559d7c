"""Names of what a recorded port holds, and the order in which a comparison has it."""

from dataclasses import replace
from typing import Any

from dcgan_v1.migration.records import LayerOutput

OUTPUT = ": output"  # ends the name of what a whole model gives
TERMS = " + "  # between the names of losses that are added up


def in_order_of_use(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Variables with their entries: as the layers that hold them were first called."""
    first: dict[str, int] = {}
    for update in description["updates"]:
        for layer in update["layers"]:
            for name in layer.get("parts", {}).values() if "function" in layer else [layer["name"]]:
                first.setdefault(name, len(first))
    names = list(description["variables"])

    def place(name: str) -> tuple[int, int]:
        held_by = first.get(description["variables"][name]["layer"], len(first))
        return first.get(name, held_by), names.index(name)

    models = list(dict.fromkeys(n.partition("/")[0] for n in names))
    names_by_use = sorted(names, key=place)
    names_in_order = [n for model in models for n in names_by_use if n.partition("/")[0] == model]
    return [(name, description["variables"][name]) for name in names_in_order]


def add_losses(scalars: dict[str, float], losses: dict[str, float]) -> None:
    """Adds the losses of an update, and their sum where gradients were taken of several."""
    if len(losses) > 1:
        losses = {**losses, TERMS.join(losses): sum(losses.values())}
    for name, value in losses.items():
        number, unused = 1, name
        while unused in scalars:
            number += 1
            unused = f"{name}#{number}"
        scalars[unused] = value


def numbered(layers: list[LayerOutput]) -> list[LayerOutput]:
    """Layers with '#2' behind the name of a second call."""
    calls: dict[str, int] = {}
    result = []
    for layer in layers:
        calls[layer.name] = calls.get(layer.name, 0) + 1
        count = calls[layer.name]
        name = layer.name if count == 1 else f"{layer.name}#{count}"
        result.append(replace(layer, name=name))
    return result
