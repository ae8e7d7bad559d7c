"""Sums of terms that are alike but for a weight, as an L1 of kernels is: one line of a port."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dcgan_v1.porting import description as d
from dcgan_v1.porting.reading.network_names import unused
from dcgan_v1.porting.text.printing import Names, uses_of

FEWEST = 3  # terms
TERM = "w.of_each"  # the value that a term is written of


@dataclass(frozen=True)
class Term:
    """What is computed of one weight alone: its nodes, the last makes the term."""

    nodes: tuple[d.Node, ...]
    weight: d.Weight


def sums(nodes: tuple[d.Node, ...], kept: set[str]) -> dict[str, list[Term]]:
    """Returns value of a sum -> its terms, where all are of one weight each.

    Args:
      nodes: of a body.
      kept: values that have a line of their own.
    """
    made = {n.value.name: n for n in nodes}
    uses = uses_of(nodes)
    uses.update(kept)  # they are returned
    found: dict[str, list[Term]] = {}
    for node in nodes:
        if node.kind == "op" and node.settings["type"] == "AddN" and len(node.inputs) >= FEWEST:
            terms = [_term(x, made, uses) for x in node.inputs]
            if all(terms):
                found[node.value.name] = [term for term in terms if term]
    return found


def _term(x: d.Operand, made: dict[str, d.Node], uses: Mapping[str, int]) -> Term | None:
    """What makes a value of a weight and numbers, for this sum alone."""
    if not isinstance(x, d.Value) or x.name not in made or uses[x.name] > 1:
        return None
    node = made[x.name]
    weights = [i for i in node.inputs if isinstance(i, d.Weight)]
    values = [i for i in node.inputs if isinstance(i, d.Value)]
    if node.kind != "op" or len(weights) + len(values) != 1:
        return None
    if weights:
        return Term((node,), weights[0])
    inner = _term(values[0], made, uses)
    return inner and Term((*inner.nodes, node), inner.weight)


def said(
    nodes: tuple[d.Node, ...], printer: Names, kept: set[str]
) -> tuple[dict[str, str], set[str]]:
    """Returns value of a sum -> its expression, and the values of its terms, which need no line.

    Args:
      nodes: of a body.
      printer: that says expressions.
      kept: values that have a line of their own.
    """
    found: dict[str, str] = {}
    parts: set[str] = set()
    for value, terms in sums(nodes, kept).items():
        text = _said(terms, printer)
        if text is not None:
            found[value] = text
            parts |= {n.value.name for term in terms for n in term.nodes}
    return found, parts


def _said(terms: list[Term], printer: Names) -> str | None:
    """A sum as an expression, None where its terms are written otherwise than each other."""
    printer.values[TERM] = name = unused("w", printer.values.values())
    texts = set()
    for term in terms:
        for node in term.nodes:
            value = d.Value(TERM, term.weight.shape)
            inputs = tuple(value if x is term.weight else x for x in node.inputs)
            printer.waiting[node.value.name] = printer.expression(replace(node, inputs=inputs))
        texts.add(printer.waiting[term.nodes[-1].value.name])
        for node in term.nodes:
            del printer.waiting[node.value.name]
    del printer.values[TERM]
    weights = ", ".join(printer.operand(term.weight) for term in terms)
    return f"sum({texts.pop()} for {name} in ({weights}))" if len(texts) == 1 else None
