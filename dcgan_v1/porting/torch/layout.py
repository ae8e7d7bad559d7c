"""Where the pixels are: TF1 has maps as [N, H, W, C], a PyTorch port as [N, C, H, W].

Whatever has four axes is held channels first, weights as well; what counts pixels otherwise is
given them in TF1's order, and its result is brought back.
"""

import re
from collections.abc import Sequence

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text.printing import in_brackets, rank_of

TO_TF = (0, 2, 3, 1)  # orders of axes
TO_TORCH = (0, 3, 1, 2)
PERMUTED = re.compile(r"(.*)\.permute\((\d), (\d), (\d), (\d)\)")
AXIS = (0, 2, 3, 1)  # TF1's axis of a map -> PyTorch's
Sides = tuple[int, int]  # before, after


def is_same_order(shape: Sequence[int | None] | None) -> bool:
    """Whether a map of TF1's shape has the same order of elements either way."""
    if shape is None or len(shape) != 4:
        return True
    _, h, w, c = shape
    return c == 1 or h == w == 1


def permuted(text: str, order: Sequence[int]) -> str:
    """Returns an expression of four axes with them in another order.

    Args:
      text: the expression; what it permutes last is not permuted twice.
      order: as `torch.permute` has it.
    """
    text = in_brackets(text)
    if found := PERMUTED.fullmatch(text):
        text, *before = found.groups()
        order = [int(before[i]) for i in order]
    return text if list(order) == [0, 1, 2, 3] else f"{text}.permute({', '.join(map(str, order))})"


def as_tf(text: str, x: d.Operand) -> str:
    """Returns an operand in TF1's order of axes."""
    return permuted(text, TO_TF) if rank_of(x) == 4 else text


def from_tf(text: str, value: d.Operand) -> str:
    """Returns what is in TF1's order as a value is held."""
    return permuted(text, TO_TORCH) if rank_of(value) == 4 else text


def broadcast(text: str, x: d.Operand, rank: int) -> str:
    """Returns an operand so that it meets one of `rank` axes as in TF1: from the last axis on.

    Args:
      text: the operand's expression; x: itself.
      rank: of what it meets.
    """
    own = rank_of(x)
    if rank != 4 or own in (0, 4):
        return text
    how = {1: "[:, None, None]", 2: ".T[:, None, :]", 3: ".permute(2, 0, 1)"}[own]
    return f"{in_brackets(text)}{how}"


def same_padding(side: int, size: int, stride: int, dilation: int = 1) -> Sides:
    """Returns the pixels that TF1's SAME puts before and after an axis.

    Args:
      side: pixels of the axis; size: of the window.
      stride, dilation: of the window.
    """
    reach = (size - 1) * dilation + 1
    total = max((-(-side // stride) - 1) * stride + reach - side, 0)
    return total // 2, total - total // 2


def pads(shape: Sequence[int | None] | None, settings: dict[str, object]) -> tuple[Sides, Sides]:
    """Returns what a convolution or a pooling pads of maps of TF1's shape.

    Args:
      shape: [N, H, W, C].
      settings: size, strides, padding, dilations.

    Raises:
      Refused: SAME of maps whose size is not known.
    """
    if settings["padding"] == "valid":
        return (0, 0), (0, 0)
    sides = shape[1:3] if shape is not None else (None, None)
    if None in sides:
        raise d.Refused("SAME padding of maps whose size is not known before they are fed")
    size, strides = _pair(settings["size"]), _pair(settings["strides"])
    dilations = _pair(settings.get("dilations", (1, 1)))
    rows, columns = (
        same_padding(side or 0, size[i], strides[i], dilations[i]) for i, side in enumerate(sides)
    )
    return rows, columns


def _pair(value: object) -> tuple[int, int]:
    assert isinstance(value, tuple | list)
    return int(value[0]), int(value[1])


def with_pads(text: str, pad: tuple[Sides, Sides], value: str = "") -> str:
    """Returns maps with pixels around them.

    Args:
      text: the maps.
      pad: rows before and after, columns before and after.
      value: of the pixels, zero where it is left out.
    """
    if pad == ((0, 0), (0, 0)):
        return text
    rows, columns = pad
    more = f", value={value}" if value else ""
    return f"F.pad({text}, ({', '.join(map(str, (*columns, *rows)))}){more})"
