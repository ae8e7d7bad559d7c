"""The pairs of the heaps as two programs that train when they are started.

Each is recorded as it is, and both recordings are compared; what an adapter gives stands beside:

python tests/heaps/scripts.py NAME ...    prints a line of JSON for each
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STEPS, ROWS = 3, 6

IMAGES = "rng.uniform(-1, 1, [{rows}, {shape}])"
BLACK = "rng.uniform(size=[{rows}, {shape}]) * (rng.uniform(size=[{rows}, {shape}]) < 0.05)"

OLD = """import numpy as np
import tensorflow as tf
import tf1_programs

tf.set_random_seed(1)
tf1_programs.{function}(**{options!r})
rng = np.random.RandomState(1)
graph = tf.get_default_graph()
inputs = [op.name for op in graph.get_operations() if op.type == "Placeholder"]
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range({steps} + 1):
        given = {{"x:0": {images}, "z:0": rng.normal(size=[{rows}, 5]), "is_training:0": True}}
        feed = {{name + ":0": given[name + ":0"] for name in inputs}}
        for train, loss in {runs!r}:
            print(step, sess.run([train, loss], feed)[1])
"""

TORCH = """import numpy as np
import torch
import torch_ports

torch.manual_seed(0)
port = torch_ports.{function}(**{options!r})
{names} = port.models.values()
{optimizers} = port.optimizers.values()
rng = np.random.RandomState(0)
for step in range({steps} + 1):
    x = torch.from_numpy({images})
{noise}    print(step, port.step({arguments}))
"""

KERAS = """import keras
import numpy as np
import tensorflow as tf
import keras_ports

keras.utils.set_random_seed(0)
port = keras_ports.{function}(**{options!r})
{names} = port.models.values()
{optimizers} = port.optimizers.values()
rng = np.random.RandomState(0)
for step in range({steps} + 1):
    x = tf.constant({images})
{noise}    print(step, port.step({arguments}))
"""
NOISE = {
    "torch": "    z = torch.randn({rows}, 5)\n",
    "keras": "    z = tf.random.normal([{rows}, 5])\n",
}
RUNS = {  # function -> (train op, loss) of each session call
    "classifier": [("train", "loss:0")],
    "gan": [("train_d", "d_loss:0"), ("train_g", "g_loss:0")],
    "at once": [("train", "d_loss:0")],
    "two_networks": [("train_first", "first/loss:0"), ("train_second", "second/loss:0")],
}
NAMES = {  # function -> what a port's program calls its networks, its optimisers
    "classifier": ("D,", "sgd,"),
    "gan": ("D, G", "d, g"),
    "two_networks": ("first, second", "second_opt, first_opt"),
}
PORT = "from collections import namedtuple\n\n{} = namedtuple('Port', 'models optimizers step')\n"
SIDES = {  # module -> text of a program; what its copy says otherwise, so that it stands alone
    "tf1_programs": (
        OLD,
        ("import tensorflow.compat.v1 as tf\n", "import tensorflow as tf\n"),
        ("from dcgan_v1.migration.programs import modules\n", ""),
        ('modules.supply()["tensorflow"]', "tf"),
    ),
    "torch_ports": (TORCH, ("from dcgan_v1.compare import Torch\n", PORT.format("Torch"))),
    "keras_ports": (KERAS, ("from dcgan_v1.compare import Keras\n", PORT.format("Keras"))),
}


def written(program, pair, folder):
    """Writes one side of a pair as a program into a new folder. Returns the path of its main file.

    Args:
      program: of the pair: its TF1 side or its port.
      pair: see `pairs.Pair`.
      folder: that is made.
    """
    folder.mkdir(parents=True)
    main, *changes = SIDES[program.module]
    text = HERE.joinpath(f"{program.module}.py").read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    folder.joinpath(f"{program.module}.py").write_text(text)
    side = program.module.partition("_")[0]
    function, options = program.function, program.options
    shape = {"two_networks": "6"}.get(function, "1, 8, 8" if side == "torch" else "8, 8, 1")
    if side != "torch" and options.get("flat"):
        shape = "64"
    values = {"function": function, "options": options, "steps": STEPS, "rows": ROWS}
    values["images"] = (BLACK if pair.images else IMAGES).format(rows=ROWS, shape=shape)
    if side == "tf1":
        values["runs"] = RUNS["at once" if options.get("at_once") else function]
    else:
        values["names"], values["optimizers"] = NAMES[function]
        values["noise"] = NOISE[side].format(rows=ROWS) if function == "gan" else ""
        values["arguments"] = "x, z" if function == "gan" else "x"
    path = folder / "main.py"
    path.write_text(main.format(**values))
    return path


def recorded(pair, folder):
    """Records both sides of a pair, each in a process of its own. Returns the folders of both
    recordings, or what was printed where one fails."""
    sides = []
    for name, program, record in (("old", pair.old, _record_tf1), ("new", pair.new, _record_port)):
        place = folder / name
        main = written(program, pair, place / "program")
        log = place / "log"
        pid = os.fork()
        if not pid:
            _become(record, main, place, log)
        _, status = os.waitpid(pid, 0)
        if status:
            return log.read_text()[-1500:]
        sides.append(place / "recording")
    return sides


def _become(record, main, place, log):
    """The child: records, and ends."""
    for stream in (1, 2):
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    code = 1
    try:
        os.chdir(place)
        code = record(main, place)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(code or 0)


def _record_tf1(main, place):
    from dcgan_v1.migration.programs import running

    words = {"folder": place / "run", "record": place / "recording", "whole_steps": STEPS}
    _, recorder = running.run(main, [], **words)
    return 0 if recorder.finish() else 1


def _record_port(main, place):
    from dcgan_v1.migration.recordings.port_recorder import running

    return running.record(str(place / "recording"), STEPS, "float64", str(main), [])


class Recordings:
    """What `comparison.programs.Programs` is of two recordings, without processes."""

    dtype, control = "float64", None

    def __init__(self, old, new):
        self.folders = old, new
        self.old = None
        self.change_tf1([])
        self.reopen_port()

    def change_tf1(self, changes):
        from dcgan_v1.migration.runners.tf1.runner import GraphRunner
        from dcgan_v1.migration.specs import Tf1

        if self.old:
            self.old.session.close()
        spec = Tf1(recording=str(self.folders[0]), trust=True)
        self.old = GraphRunner(spec, self.dtype, 1, list(changes))

    def reopen_port(self):
        from dcgan_v1.migration.runners.recorded_port import RecordedPort

        self.new = RecordedPort(self.folders[1])


def main(names):
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tf.layers is behind it
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    from heaps.pairs import DIFFERENT, EQUAL, SCRIPTED

    every = [p for p in (*EQUAL, *DIFFERENT) if p.old.module in SCRIPTED]
    wanted = [p for p in every if not names or p.name in names]
    with tempfile.TemporaryDirectory(prefix="scripts_") as folder:
        for name in ("numpy", "tensorflow", "keras", "torch"):  # nothing is computed before a fork
            __import__(name)
        recordings = {}
        for number, pair in enumerate(wanted):
            recordings[pair.name] = recorded(pair, Path(folder, str(number)))
        from heaps import run

        run.set_up()
        for pair in wanted:
            sides = recordings[pair.name]
            if isinstance(sides, str):
                result = {"name": pair.name, "error": sides}
            else:
                result = run.compared(pair, lambda _, sides=sides: Recordings(*sides))
                result["adapter"] = run.compared(pair).get("findings", [])
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
