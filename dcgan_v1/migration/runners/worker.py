"""The process of one side. It is told what to do by lines of JSON and answers in kind.

Arrays pass as .npz files. The first line says what to open; after it come requests,
each the name of a method of `Worker` and its arguments.
"""

import importlib.util
import json
import os
import time
import traceback
from pathlib import Path
from types import SimpleNamespace

import numpy as np


def open_side(spec):
    """Opens what `spec`, a dict of `host.Side`, describes.

    Keys: 'target' ('file.py:function') or 'tf1' (fields of a `side.Tf1`); 'options' for
    the function; 'dtype'; 'threads'; 'trust'; 'is_old'; 'folder' to be in.
    """
    from dcgan_v1.errors import UserError

    os.chdir(spec["folder"])
    dtype, threads = spec["dtype"], spec["threads"]
    if spec["is_old"]:
        return _open_old(spec)
    altered = _set_up(spec, dtype, threads)
    from dcgan_v1.migration.runners import port
    from dcgan_v1.migration.specs import Keras, Torch

    function = port.find(spec["target"])
    made = port.call(function, spec["target"], dtype=dtype, **spec.get("options", {}))
    if isinstance(made, Torch):
        from dcgan_v1.migration.runners.torch.runner import TorchSide

        return TorchSide(made, altered)
    if isinstance(made, Keras):
        from dcgan_v1.migration.runners.keras.runner import KerasSide

        return KerasSide(made, dtype, altered)
    raise UserError(
        f"{spec['target']} returned {type(made).__name__}; it must return a Keras(…) "
        "or a Torch(…) of dcgan_v1.compare"
    )


def _set_up(spec, dtype, threads):
    """Does what must be done before a user's file makes anything. Returns a list of
    what it changed in the framework."""
    from dcgan_v1 import runtime

    runtime.load()  # eager: TF2 and Keras need it
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    keras.config.set_floatx(dtype)
    keras.utils.set_random_seed(0)
    against = spec.get("options", {}).get("against")
    mentioned = against == "torch" or _mentions_torch(spec["target"])
    if mentioned and importlib.util.find_spec("torch"):  # a mention is no need
        import torch

        torch.set_num_threads(threads)
        torch.set_default_dtype(getattr(torch, dtype))
        torch.manual_seed(0)
    altered = []
    if dtype == "float64":
        from dcgan_v1.migration.runners.keras.runner import exact_slopes

        exact_slopes(altered)
    return altered


def _mentions_torch(target):
    place = target.rpartition(":")[0]
    path = Path(place)
    if not place.endswith(".py"):
        spec = importlib.util.find_spec(place) if place else None
        path = Path((spec and spec.origin) or os.devnull)
    return path.is_file() and "torch" in path.read_text("utf-8", "replace").lower()


def _open_old(spec):
    from dcgan_v1 import runtime
    from dcgan_v1.errors import UserError

    runtime.prepare()
    from dcgan_v1.migration.runners import port
    from dcgan_v1.migration.runners.tf1.runner import GraphSide
    from dcgan_v1.migration.specs import Tf1

    if "tf1" in spec:
        made = Tf1(**spec["tf1"])
    else:
        function = port.find(spec["target"])
        made = port.call(function, spec["target"], **spec.get("options", {}))
    if not isinstance(made, Tf1):
        raise UserError(
            f"{spec['target']} returned {type(made).__name__}; it must return a Tf1(…) "
            "of dcgan_v1.compare"
        )
    made.trust = made.trust or spec.get("trust", False)
    made.runs = spec.get("runs") or made.runs
    made.training = {**made.training, **spec.get("training", {})}
    made.inference = {**made.inference, **spec.get("inference", {})}
    return GraphSide(made, spec["dtype"], spec["threads"])


NO_DRAWS = SimpleNamespace(waiting=[])


class Worker:
    """Answers one request at a time."""

    def __init__(self, spec):
        self.side, self.dtype = open_side(spec), spec["dtype"]
        self.is_old, self.inputs = spec["is_old"], {}
        self.bound, self.drawn = {}, []

    def describe(self, out):
        del out
        return self.side.describe()

    def use(self, out, inputs):
        """Takes the batches of a file: '<batch>/<name>' -> array, in TF1's names."""
        del out
        self.inputs = np.load(inputs)

    def bind(self, out, arguments, drawn, forward):
        """Says which input each argument of the port's step is, which numbers its
        dropout layers take, and what models are called with in inference."""
        del out
        self.bound, self.drawn = arguments, drawn
        self.side.forward |= {model: [names] for model, names in forward.items()}

    def batch(self, name):
        """What batch `name` holds, in the side's names and dtype."""
        prefix = f"{name}/"
        found = {
            key.removeprefix(prefix): self._cast(self.inputs[key])
            for key in self.inputs.files
            if key.startswith(prefix)
        }
        if self.is_old:
            return found
        arguments = {k: found[v] for k, v in self.bound.items() if v in found}
        return arguments, {k: found[k] for k in self.drawn if k in found}

    def _cast(self, array):
        return array.astype(self.dtype) if array.dtype.kind == "f" else array

    def initial(self, out):
        np.savez(out, **self.side.initial())

    def state(self, out):
        np.savez(out, **self.side.state())

    def load(self, out, arrays):
        del out
        with np.load(arrays) as file:
            self.side.load({name: self._cast(file[name]) for name in file.files})

    def draw(self, out, batch):
        np.savez(out, **self.side.draw(self.batch(batch)))

    def look(self, out, batch):
        """Does a step with its inside written down, and the state it leads to."""
        scalars, gradients, layers = self.side.step(self.batch(batch), look=True)
        arrays = {f"gradient {key}": array for key, array in gradients.items()}
        rows = self._layers(layers, arrays)
        arrays |= {f"state {k}": a for k, a in self.side.state().items()}
        np.savez(out, **arrays)
        return {
            "scalars": {name: float(v) for name, v in scalars.items()},
            "layers": rows,
            "hyper": self.side.hyper(),
            **self._learned(),
        }

    def inference(self, out, batch, choice=0):
        given = self.batch(batch)
        if self.is_old:
            layers = self.side.inference(given)
        else:
            layers = self.side.inference(given[0], choice)
        arrays = {}
        rows = self._layers(layers, arrays)
        np.savez(out, **arrays)
        return {"layers": rows, **self._learned()}

    def _layers(self, layers, arrays):
        """Puts outputs and inputs of layers into `arrays`; returns the rest."""
        rows = []
        for i, layer in enumerate(layers):
            name, kind, output, *rest = layer
            settings, x = rest[-1], rest[0] if len(rest) == 2 else None
            arrays[f"output {i}"] = output
            if x is not None:
                arrays[f"input {i}"] = x
            rows.append([name, kind, settings])
        return rows

    def _learned(self):
        """What a port only shows when it runs."""
        return {
            "maps": getattr(self.side, "maps", {}),
            "forward": getattr(self.side, "forward", {}),
            "left": [n for n, _ in getattr(self.side, "draws", NO_DRAWS).waiting],
            "altered": getattr(self.side, "altered", []),
        }

    def steps(self, out, first, last):
        """Does steps first..last-1 and saves the state they lead to."""
        scalars = [
            {n: float(v) for n, v in self.side.step(self.batch(str(i)))[0].items()}
            for i in range(first, last)
        ]
        np.savez(out, **self.side.state())
        return scalars

    def gradients_of(self, out, batch, leaks=False):
        """The gradients of TF1's step if no update moved a weight, and if asked for
        what the losses of other updates would add to them."""
        _, gradients, _ = self.side.step(self.batch(batch), look=True, rates=0.0)
        leaks = self.side.leaks(self.batch(batch)) if leaks else {}
        arrays = {f"late {key}": array for key, array in gradients.items()}
        np.savez(out, **arrays, **{f"leak {key}": a for key, a in leaks.items()})

    def loss_at(self, out, batch):
        """The losses of a step in which no weight moves."""
        del out
        scalars = self.side.step(self.batch(batch), rates=0.0)[0]
        return {name: float(v) for name, v in scalars.items()}

    def replay(self, out, folder, against):
        """How far the TF1 side is from what was recorded of it."""
        del out
        from dcgan_v1.migration.recordings.replay import replay

        return replay(self.side, folder, against)

    def save(self, out, path, **options):
        """Writes the state in a format of the side's framework."""
        del out
        self.side.save(path, **options)

    def restore(self, out, path, to):
        del out
        self.side.restore(path, to)

    def time(self, out, steps):
        """Returns seconds per step and the process's peak memory in bytes."""
        del out
        batch = self.batch("0")
        started = time.perf_counter()
        self.side.time(batch, steps)
        seconds = (time.perf_counter() - started) / max(steps, 1)
        return {"seconds": seconds, "peak_bytes": _peak_bytes()}


def _peak_bytes():
    """ru_maxrss would hold the peak of the process that started this one."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def main():
    """Reads the spec, then requests, from standard input until it ends."""
    answers = os.fdopen(os.dup(1), "w")
    requests = os.fdopen(os.dup(0))
    os.dup2(2, 1)  # whatever a framework prints must not mix with the answers
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # nor a port read the requests
    worker = None
    for line in requests:
        request = json.loads(line)
        try:
            if worker is None:
                worker, answer = Worker(request), None
            else:
                do = getattr(worker, request.pop("do"))
                answer = do(**request)
            answer = {"answer": answer}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
