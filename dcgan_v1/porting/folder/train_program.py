"""train.py of a port: a small program that feeds the step as the original fed it."""

import json
import textwrap
from collections.abc import Iterable
from typing import NamedTuple

from dcgan_v1.porting import description as d
from dcgan_v1.porting.folder import templates, train_texts
from dcgan_v1.porting.reading.feeding import Feed, Sampler

TF_PICTURES = '''\
def read_picture(path, size):
    """Returns the largest square in a picture's middle, in the network's size."""
    image = tf.io.decode_image(
        tf.io.read_file(str(path)), channels=size[2], expand_animations=False
    )
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return resized(image[None, top : top + side, left : left + side], size[:2])[0]


def resized(pictures, size):
    resized = tf.image.resize(pictures, size, antialias=True)
    return np.rint(resized).astype(np.uint8)


def write_png(path, pixels):
    tf.io.write_file(str(path), tf.io.encode_png(pixels))
'''
KERAS_STATE = """\
# ---- state ----


def given(batch):
    return {name: tf.constant(array) for name, array in batch.items()}


def save(training, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        getattr(training, name).save_weights(str(folder / f"{name}.weights.h5"))
    for name in OPTIMIZERS:
        with h5py.File(folder / f"{name}.optimizer.h5", "w") as file:
            getattr(training, name).save_own_variables(file)


def restore(training, folder):
    for name in MODELS:
        getattr(training, name).load_weights(str(folder / f"{name}.weights.h5"))
    for name in OPTIMIZERS:
        with h5py.File(folder / f"{name}.optimizer.h5") as file:
            getattr(training, name).load_own_variables(file)
"""
KERAS_DRAWN = """\
def drawn(training, inputs):
    return np.asarray(training.{network}{method}(*map(tf.constant, inputs)))
"""


class Framework(NamedTuple):
    """What differs from framework to framework.

    Attributes:
      imports: lines.
      state: functions given, save and restore.
      pictures: functions read_picture, resized and write_png.
      drawn: function drawn, with places for network and method.
    """

    imports: str
    state: str
    pictures: str
    drawn: str


MADE = ("uniform", "normal", "number")  # kinds of feeds that no data are taken for
FRAMEWORKS = {
    "keras": Framework(
        "import h5py\nimport numpy as np\nimport tensorflow as tf",
        KERAS_STATE,
        TF_PICTURES,
        KERAS_DRAWN,
    ),
    "torch": Framework(
        "import struct\nimport zlib\n\nimport numpy as np\nimport torch\n"
        "from torch.nn import functional as F",
        train_texts.TORCH_STATE,
        train_texts.TORCH_PICTURES,
        train_texts.TORCH_DRAWN,
    ),
    "tf2": Framework(
        "import numpy as np\nimport tensorflow as tf",
        train_texts.TF2_STATE,
        TF_PICTURES,
        KERAS_DRAWN,
    ),
}


def text(
    program: d.Program, to: str, feeds: tuple[Feed, ...], sampler: Sampler | None, batch: int
) -> str:
    """Returns the file.

    Args:
      program: what is written.
      to: one of FRAMEWORKS.
      feeds: of the step.
      sampler: how the generator draws; None where there is none.
      batch: rows of a batch.
    """
    framework = FRAMEWORKS[to]
    guessed = [f.argument for f in feeds if not f.told and f.kind not in ("labels", "array")]
    return templates.get("train.py.j2").render(
        imports=framework.imports,
        pictures=framework.pictures,
        state=framework.state,
        drawing=_drawn(program, framework, sampler) if sampler else "",
        batch=batch,
        models=_names(name for n in program.networks for name in (n.name, *n.copies)),
        optimizers=_names(o.name for o in program.optimizers),
        assumed=f";\n{_assumed(guessed)}" if guessed else "",
        feeds=[f'"{f.argument}": {_row(f)}' for f in feeds],
        runs=_later_runs(program, feeds),
        size=_size(feeds, sampler),
        drawn=(sampler.low, sampler.high) if sampler else None,
        sampled=[_row(f) for f in sampler.feeds] if sampler else [],
    )


def _later_runs(program: d.Program, feeds: tuple[Feed, ...]) -> str:
    """Returns the table of the data that a later session run of a step is fed anew: argument ->
    which of these runs; '' for none."""
    numbers = {n.value.name.partition(".")[0]: n.ops[0].partition("@")[2] for n in program.inputs}
    own = {f.argument: int(numbers[f.argument] or 1) for f in feeds if f.kind not in MADE}
    order = sorted({1, *own.values()})
    later = {name: order.index(run) for name, run in own.items() if run > 1}
    return json.dumps(later) if later else ""


def _assumed(arguments: list[str]) -> str:
    """Returns the lines that name the arguments whose feeds no recording shows."""
    said = f"assumed, for no recording shows it: {', '.join(arguments)}"
    return textwrap.fill(said, 100, initial_indent="# ", subsequent_indent="# ")


def _drawn(program: d.Program, framework: Framework, sampler: Sampler) -> str:
    network = next(n for n in program.networks if n.name == sampler.network)
    function = next(f for f in network.functions if f.name == sampler.function)
    method = "" if function.name == "call" else f".{function.name}"
    return framework.drawn.format(network=sampler.network, method=method)


def _size(feeds: tuple[Feed, ...], sampler: Sampler | None) -> tuple[int, ...]:
    """Returns height, width and channels of the pictures."""
    if sampler:
        return sampler.shape
    for f in feeds:
        if f.kind == "images" and len(f.shape) == 3:
            return f.shape
        side = round(f.shape[0] ** 0.5) if len(f.shape) == 1 else 0
        if f.kind in ("images", "array") and side > 1 and side * side == f.shape[0]:
            return side, side, 1
    return 1, 1, 1


def _row(f: Feed) -> str:
    return f'("{f.kind}", {f.shape}, {f.low}, {f.high}, "{f.dtype}")'


def _names(names: Iterable[str]) -> str:
    return json.dumps(list(names))
