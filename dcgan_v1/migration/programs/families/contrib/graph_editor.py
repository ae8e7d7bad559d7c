"""tf.contrib.graph_editor.graph_replace: a part of the graph once more, from other tensors.

Unrolled GANs differentiate through a step of their discriminator by it."""

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.facade import Facade


def graph_replace(
    target_ts: Any,
    replacement_ts: dict[tf.Tensor, tf.Tensor],
    dst_scope: str = "",
    src_scope: str = "",
    reuse_dst_scope: bool = False,
) -> Any:
    """Copies what lies between `replacement_ts`' keys and the targets, and has the copy compute
    from their values.

    Args:
      target_ts: tensors, in lists or dictionaries.
      replacement_ts: tensor -> the one that takes its place in the copy.
      dst_scope: name scope of the copy.
      src_scope, reuse_dst_scope: of names, which do not matter here.

    Returns:
      what the targets become, in the same lists or dictionaries.
    """
    del src_scope, reuse_dst_scope
    targets = list(_leaves(target_ts))
    replaced = {old.name: new for old, new in replacement_ts.items()}
    between = _between([target.op for target in targets], replaced)
    copied = {op.name for op in between}
    definition, outside = tf.GraphDef(), dict(replaced)
    graph = tf.get_default_graph()
    definition.versions.CopyFrom(graph.as_graph_def().versions)
    for op in between:
        node = definition.node.add()
        node.CopyFrom(op.node_def)
        node.attr.pop("_class", None)  # places beside ops that are not copied
        node.input[:] = [i for i in node.input if not i.startswith("^") or i[1:] in copied]
        kept = [t for t in op.inputs if t.op.name not in copied and t.name not in replaced]
        outside |= {t.name: t for t in kept}
    outside = {name: t for name, t in outside.items() if _is_used(name, definition)}
    names = [t.name for t in targets if t.op.name in copied and t.name not in replaced]
    made = tf.import_graph_def(
        definition, input_map=outside, return_elements=names, name=dst_scope or "replaced"
    )
    found = dict(zip(names, made, strict=True))
    return _changed(target_ts, lambda t: replaced.get(t.name, found.get(t.name, t)))


def _leaves(tree: Any) -> Iterator[tf.Tensor]:
    """Tensors in lists and dictionaries, whose keys may be tensors, too: they have no order."""
    if isinstance(tree, dict | list | tuple):
        for one in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(one)
    else:
        yield tree


def _changed(tree: Any, function: Callable[[tf.Tensor], tf.Tensor]) -> Any:
    """The same lists and dictionaries of what a function makes of each tensor."""
    if isinstance(tree, dict):
        return type(tree)((key, _changed(one, function)) for key, one in tree.items())
    if isinstance(tree, list | tuple):
        changed = [_changed(one, function) for one in tree]
        return type(tree)(*changed) if hasattr(tree, "_fields") else type(tree)(changed)
    return function(tree)


def _between(ends: list[tf.Operation], replaced: dict[str, tf.Tensor]) -> list[tf.Operation]:
    """Ops on the way from replaced tensors to `ends`, inputs first."""
    is_after: dict[str, bool] = {}
    found: list[tf.Operation] = []
    stack = [(op, False) for op in ends]
    while stack:
        op, are_inputs_done = stack.pop()
        if op.name in is_after and not are_inputs_done:
            continue
        if not are_inputs_done:
            is_after[op.name] = False
            stack.append((op, True))
            stack += [(t.op, False) for t in op.inputs if t.name not in replaced]
        elif any(t.name in replaced or is_after.get(t.op.name) for t in op.inputs):
            is_after[op.name] = True
            found.append(op)
    return found


def _is_used(name: str, definition: tf.GraphDef) -> bool:
    short = name.removesuffix(":0")
    return any(i in (name, short) for node in definition.node for i in node.input)


def module() -> Facade:
    return Facade("tf.contrib.graph_editor", (), {"graph_replace": graph_replace})
