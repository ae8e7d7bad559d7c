"""TF1's strided slices as Python writes them: x[:, None, -1]."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text.printing import constants


def index_of(node: d.Node) -> str | None:
    """Returns what stands in the brackets of a slice; None where its limits are computed."""
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
