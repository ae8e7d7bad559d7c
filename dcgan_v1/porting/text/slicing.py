"""TF1's slices as Python writes them: x[:, None, -1]."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text.printing import constants


def index_of(node: d.Node) -> str | None:
    """Returns what stands in the brackets of a slice; None where its limits are computed."""
    if node.settings["type"] == "Slice":
        return _of_sizes(node)
    begin, end, step = (constants(x) for x in node.inputs[1:4])
    if begin is None or end is None or step is None:
        return None
    masks = {
        name: node.settings.get(f"{name}_mask", 0)
        for name in ("ellipsis", "new_axis", "shrink_axis", "begin", "end")
    }
    words = []
    for i in range(len(begin)):
        own = {name for name, mask in masks.items() if mask & (1 << i)}
        if "ellipsis" in own:
            words.append("...")
        elif "new_axis" in own:
            words.append("None")
        elif "shrink_axis" in own:
            words.append(str(begin[i]))
        else:
            first = "" if "begin" in own else str(begin[i])
            last = "" if "end" in own else str(end[i])
            words.append(f"{first}:{last}" + (f":{step[i]}" if step[i] != 1 else ""))
    return ", ".join(words)


def _of_sizes(node: d.Node) -> str | None:
    """Returns the same of tf.slice, which has places and sizes; axes behind the last that is cut
    are left out."""
    begin, size = (constants(x) for x in node.inputs[1:3])
    if begin is None or size is None:
        return None
    words = [f"{b or ''}:{'' if n == -1 else b + n}" for b, n in zip(begin, size, strict=True)]
    while len(words) > 1 and words[-1] == ":":
        words.pop()
    return ", ".join(words)
