"""train.py of a port: a small program that feeds the step as the original fed it."""

import json
import textwrap
from collections.abc import Iterable
from typing import NamedTuple

from dcgan_v1.porting import description as d
from dcgan_v1.porting.folder import templates, train_texts
from dcgan_v1.porting.reading import feeding
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
      imports: lines; of_pictures: what `pictures` takes beside them.
      state: functions given, save and restore.
      pictures: functions read_picture, resized and write_png.
      drawn: function drawn, with places for network and method.
    """

    imports: str
    of_pictures: str
    state: str
    pictures: str
    drawn: str


MADE = ("uniform", "normal", "number", "constant")  # kinds of feeds that no data are taken for
FRAMEWORKS = {
    "keras": Framework(
        "import h5py\nimport numpy as np\nimport tensorflow as tf",
        "",
        KERAS_STATE,
        TF_PICTURES,
        KERAS_DRAWN,
    ),
    "torch": Framework(
        "import numpy as np\nimport torch",
        "import struct\nimport zlib\n\nfrom torch.nn import functional as F\n",
        train_texts.TORCH_STATE,
        train_texts.TORCH_PICTURES,
        train_texts.TORCH_DRAWN,
    ),
    "tf2": Framework(
        "import numpy as np\nimport tensorflow as tf",
        "",
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
    framework, size = FRAMEWORKS[to], _size(feeds, sampler)
    guessed = [f.argument for f in feeds if not f.told and f.kind not in ("labels", "array")]
    return templates.get("train.py.j2").render(
        imports=(framework.of_pictures if size else "") + framework.imports,
        pictures=framework.pictures,
        state=framework.state,
        drawing=_drawn(program, framework, sampler) if sampler else "",
        batch=batch,
        models=_names(name for n in program.networks for name in (n.name, *n.copies)),
        optimizers=_names(o.name for o in program.optimizers),
        assumed=f";\n{_assumed(guessed)}" if guessed else "",
        notes=[_comment(note) for note in feeding.notes(feeds)],
        has_constants=any(f.kind == "constant" for f in feeds),
        feeds=[f'"{f.argument}": {_row(f)}' for f in feeds],
        runs=_later_runs(program, feeds),
        size=size,
        has_images=any(f.kind == "images" for f in feeds),
        drawn=(sampler.low, sampler.high) if sampler else None,
        sampled=[_row(f) for f in sampler.feeds] if sampler else [],
    )


def _later_runs(program: d.Program, feeds: tuple[Feed, ...]) -> str:
    """Returns the table of the data that a later session run of a step takes: argument -> which
    of these runs, and the argument that it is of the first of them; '' for none."""
    first: dict[str, int] = {}  # value -> the run that takes it first
    for stage in program.stages:
        for node in d.walk(stage.nodes):
            for x in node.inputs:
                if isinstance(x, d.Value):
                    first.setdefault(x.name, stage.run)
    taken = {f.argument for f in feeds if f.kind not in MADE}
    words = {n.value.name.partition(".")[0]: n for n in program.inputs}
    own = {name: first.get(n.value.name, 0) for name, n in words.items() if name in taken}
    by_op = {n.ops[0]: name for name, n in words.items()}
    order, later = sorted({*own.values()}), {}
    for name, run in own.items():
        if run > order[0]:
            later[name] = order.index(run), by_op.get(words[name].ops[0].partition("@")[0], name)
    return json.dumps(later) if later else ""


def _assumed(arguments: list[str]) -> str:
    """Returns the lines that name the arguments whose feeds no recording shows."""
    return _comment(f"assumed, for no recording shows it: {', '.join(arguments)}")


def _comment(text: str) -> str:
    return textwrap.fill(text, 100, initial_indent="# ", subsequent_indent="# ")


def _drawn(program: d.Program, framework: Framework, sampler: Sampler) -> str:
    network = next(n for n in program.networks if n.name == sampler.network)
    function = next(f for f in network.functions if f.name == sampler.function)
    method = "" if function.name == "call" else f".{function.name}"
    return framework.drawn.format(network=sampler.network, method=method)


def _size(feeds: tuple[Feed, ...], sampler: Sampler | None) -> tuple[int, ...] | None:
    """Returns height, width and channels of the pictures, None where there are none."""
    if sampler:
        return sampler.shape
    for f in feeds:
        side = round(f.shape[0] ** 0.5) if len(f.shape) == 1 else 0
        if f.kind == "images" and (len(f.shape) == 3 or (side > 1 and side * side == f.shape[0])):
            return f.shape if len(f.shape) == 3 else (side, side, 1)
    return None


def _row(f: Feed) -> str:
    return f'("{f.kind}", {f.shape}, {f.low}, {f.high}, "{f.dtype}")'


def _names(names: Iterable[str]) -> str:
    return json.dumps(list(names))
