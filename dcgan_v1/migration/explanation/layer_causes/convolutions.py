"""Why a convolution's output differs: experiments on its maps, kernel and zeros around them."""

import itertools

import numpy as np

from dcgan_v1.migration.comparison.pairs.alignment import apart
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes import map_probes
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE, LayerCase, Reason

CONVOLUTION = Reason(
    Kind.CONVOLUTION, "the convolution differs (stride, or the layout of its kernel)"
)


def convolution(layer: LayerCase) -> Reason | None:
    """Another padding or stride, or another kernel."""
    x, ours, theirs = _without_zeros(layer), layer.ours, layer.theirs
    kernel, bias = layer.weights.get("kernel"), layer.weights.get("bias", np.zeros(()))
    is_transposed = layer.row.new.kind == "deconv"
    if kernel is not None and x.ndim == 4 and kernel.ndim == 4:
        pads = [map_probes.padding(x, kernel, y - bias, is_transposed) for y in (ours, theirs)]
        if None in pads:  # TF1's op may come before its bias is added
            pads = [map_probes.padding(x, kernel, y, is_transposed) for y in (ours, theirs)]
        if None not in pads and pads[0] != pads[1]:
            return Reason(
                Kind.PADDING,
                f"padding: {pads[1]} rows and columns are added before the image, TF1 "
                f"adds {pads[0]} (its SAME is not symmetric here)",
                padding=_around(x, kernel, theirs, is_transposed, pads[1] or 0),
                named=("padding",),
                values=(str(pads[1]), str(pads[0])),
            )
        if factor := estimates.factor(ours - bias, theirs - bias):
            return Reason(Kind.KERNEL, f"it folds by {factor:.4g} times what TF1 folds by")
        if pads[1] is not None:  # it folds by TF1's kernel: the op beside it is given another
            return Reason(Kind.CONVOLUTION, "")
        if text := _other_kernel(x, kernel, ours - bias, theirs - bias, is_transposed):
            return Reason(Kind.KERNEL, text)
        if strides := _strides(layer, x, kernel, bias, is_transposed):
            other, own = strides
            text = f"its stride is {other}, TF1's is {own}"
            values = (f"stride {other}", f"stride {own}")
            return Reason(Kind.CONVOLUTION, text, values=values)
    return CONVOLUTION


def _strides(
    layer: LayerCase, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, is_transposed: bool
) -> tuple[str, str] | None:
    """The port's stride and TF1's, where they differ; TF1's op may come ahead of its bias."""
    theirs = map_probes.steps(x, kernel, layer.theirs - bias, is_transposed)
    for added in (bias, np.zeros(())):
        ours = map_probes.steps(x, kernel, layer.ours - added, is_transposed)
        if ours is not None and theirs is not None and ours[0] != theirs[0]:
            return str(theirs[0]), str(ours[0])
    return None


def _other_kernel(
    x: np.ndarray, kernel: np.ndarray, ours: np.ndarray, theirs: np.ndarray, is_transposed: bool
) -> str:
    """Says what the port makes of a kernel before it folds by it, or ''."""
    variants = {
        "flipped in both axes": kernel[::-1, ::-1],
        "flipped in its rows": kernel[::-1],
        "flipped in its columns": kernel[:, ::-1],
        "transposed in space": kernel.swapaxes(0, 1),
        "transposed in its channels": kernel.swapaxes(2, 3),
    }
    for name, other in variants.items():
        if other.shape == kernel.shape and not np.array_equal(other, kernel):
            before, after = (
                map_probes.padding(x, k, y, is_transposed)
                for k, y in ((kernel, ours), (other, theirs))
            )
            if before is not None and after is not None:
                return f"its kernel is {name} before it folds, TF1's is not"
    return ""


def _around(
    x: np.ndarray, kernel: np.ndarray, y: np.ndarray, is_transposed: bool, before: int
) -> tuple[int, int, int, int] | None:
    """The zeros around an image that give y its size, of which some come before; None where
    these are too many.

    Args:
      x, y: [N, H, W, C], what a convolution is given and gives; kernel: [k, k, C, filters].
      is_transposed: whether it is the transpose of one that makes x of y.
    """
    image, made = (y, x) if is_transposed else (x, y)
    around: list[int] = []
    for axis in (1, 2):
        side, steps = image.shape[axis], made.shape[axis]
        stride = side // steps if is_transposed else -(-side // steps)
        around += [before, (steps - 1) * stride + kernel.shape[axis - 1] - side - before]
    return (around[0], around[1], around[2], around[3]) if min(around) >= 0 else None


def _without_zeros(layer: LayerCase) -> np.ndarray:
    """What a layer is given, without the rows and columns of zeros that the port itself puts
    around what TF1 knows."""
    evidence, x = layer.case.evidence, layer.x
    known = [*evidence.batch.values(), *(s.output for s in evidence.layers[layer.mode])]
    for array in known if x.ndim == 4 else ():
        if array.ndim != 4 or array.shape == x.shape or array.shape[::3] != x.shape[::3]:
            continue
        free = [have - own for have, own in zip(x.shape[1:3], array.shape[1:3], strict=True)]
        if min(free) < 0:
            continue
        rows, columns = array.shape[1:3]
        for top, left in itertools.product(range(free[0] + 1), range(free[1] + 1)):
            inner = x[:, top : top + rows, left : left + columns]
            if apart(array, inner)[0] < AGREE and np.sum(x != 0) == np.sum(inner != 0):
                return array
    return x
