"""Writes the pairs of the heaps as programs that train when they are started.

A program is a folder: main.py, and a package `heaps` with what it needs of this one, each file
without a trace of this project."""

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
STEPS, ROWS = 3, 6

IMAGES = "rng.uniform(-1, 1, shape)"
BLACK = "rng.uniform(size=shape) * (rng.uniform(size=shape) < 0.05)"

OLD = """import numpy as np
import tensorflow as tf
from heaps import {module}

TRAINS = [("train", "loss"), ("train_d", "d_loss"), ("train_g", "g_loss")]
TRAINS += [("train_first", "first/loss"), ("train_second", "second/loss")]
tf.set_random_seed(1)
{module}.{function}(**{options!r})
rng = np.random.RandomState(1)
every = tf.get_default_graph().get_operations()
ops = {{op.name.rpartition("/")[2]: op for op in every}}  # in a scope, perhaps
ops.update({{op.name: op for op in every}})
if "d_loss" in ops and "train" in ops:  # both at once
    TRAINS[0] = ("train", "d_loss")
runs = [(ops[train], ops[loss].outputs[0]) for train, loss in TRAINS if train in ops]


def given(name, shape, dtype):
    if name == "is_training":
        return True
    if dtype.is_integer:
        return rng.randint(0, 10, shape)
    if name == "x":
        return {images}
    return rng.uniform(size=shape) if name in ("share", "y") else rng.normal(size=shape)


inputs = [op.outputs[0] for op in every if op.type == "Placeholder"]
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range({steps} + 1):
        feed = {{}}
        for x in inputs:
            shape = [n or {rows} for n in x.shape.as_list()]
            feed[x] = given(x.op.name, shape, x.dtype)
        for train, loss in runs:
            print(step, sess.run([train, loss], feed)[1])
"""

TORCH = """import inspect

import numpy as np
import torch
from heaps import {module}

torch.manual_seed(0)
port = {module}.{function}(**{options!r})
globals().update(port.optimizers)
globals().update(port.models)
rng = np.random.RandomState(0)
for step in range({steps} + 1):
    given = {{}}
    for name in inspect.signature(port.step).parameters:
        shape, is_whole = {shapes!r}[name]
        if name == "x":
            x = torch.from_numpy({images})
            given[name] = x
        elif name == "y":
            y = rng.randint(0, 10, shape) if is_whole else rng.uniform(size=shape)
            given[name] = torch.from_numpy(y)
        elif name == "share":
            given[name] = torch.rand(*shape)
        else:
            z = torch.randn(*shape)
            given[name] = z
    print(step, port.step(**given))
"""

KERAS = """import inspect

import keras
import numpy as np
import tensorflow as tf
from heaps import {module}

keras.utils.set_random_seed(0)
port = {module}.{function}(**{options!r})
globals().update(port.optimizers)
globals().update(port.models)
rng = np.random.RandomState(0)
for step in range({steps} + 1):
    given = {{}}
    for name in inspect.signature(port.step).parameters:
        shape, _ = {shapes!r}[name]
        if name == "x":
            given[name] = tf.constant({images})
        else:
            given[name] = tf.random.normal(shape)
    print(step, port.step(**given))
"""
MAINS = {"tf1": OLD, "torch": TORCH, "keras": KERAS}
PORT = "from collections import namedtuple\n\n{0} = namedtuple('{0}', 'models optimizers step')\n"
CHANGES = (  # what stands in a copy, so that it needs nothing of this project
    ("import tensorflow.compat.v1 as tf\n", "import tensorflow as tf\n"),
    ("from dcgan_v1.migration.programs import modules\n", ""),
    ('modules.supply()["tensorflow"]', "tf"),
    ("from dcgan_v1.compare import Torch\n", PORT.format("Torch")),
    ("from dcgan_v1.compare import Keras\n", PORT.format("Keras")),
)
CONSTANTS = re.compile(r"^from heaps\.(tf1_\w+) import ([A-Z_, ]+)$", re.MULTILINE)  # in a port
NEEDED = re.compile(r"^from heaps\.(\w+) import", re.MULTILINE)


def written(program, pair, folder, fed=None):
    """Writes one side of a pair as a program into a new folder. Returns the path of its main file.

    Args:
      program: of the pair: its TF1 side or its port.
      pair: see `pairs.Pair`.
      folder: that is made.
      fed: of a port, name -> the array that its TF1 side was fed in a step.
    """
    package = folder / "heaps"
    package.mkdir(parents=True)
    package.joinpath("__init__.py").touch()
    side = program.module.partition("_")[0]
    _copy(program.module, package, side)
    values = {
        "module": program.module,
        "function": program.function,
        "options": program.options,
        "steps": STEPS,
        "rows": ROWS,
        "images": BLACK if pair.images else IMAGES,
        "shapes": {name: _shape(array, side) for name, array in (fed or {}).items()},
    }
    path = folder / "main.py"
    path.write_text(MAINS[side].format(**values))
    return path


def _shape(array, side):
    """(shape of an array in a port's axes, whether it holds whole numbers)."""
    shape = list(array.shape)
    if side == "torch" and len(shape) == 4:
        shape = [shape[0], shape[3], *shape[1:3]]
    return shape, array.dtype.kind in "iu"


def _copy(module, package, side):
    """Copies a module and what it needs of this package."""
    text = HERE.joinpath(f"{module}.py").read_text()
    for before, after in CHANGES:
        text = text.replace(before, after)
    if side != "tf1":
        text = CONSTANTS.sub(_constants, text)
    assert "dcgan_v1" not in text, module
    package.joinpath(f"{module}.py").write_text(text)
    for other in NEEDED.findall(text):
        if not package.joinpath(f"{other}.py").exists():
            _copy(other, package, side)


def _constants(match):
    """The line of TF1's module that gives some constants, in the place of their import."""
    text = HERE.joinpath(f"{match[1]}.py").read_text()
    first = match[2].partition(",")[0]
    (line,) = re.findall(rf"^[A-Z_, ]*\b{first}\b[A-Z_, ]* = [\d., ]+$", text, re.MULTILINE)
    return line
