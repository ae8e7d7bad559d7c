"""Compares pairs of the heaps, all in this process, which is told their names:

python tests/heaps/run.py NAME ...    prints a line of JSON for each
python tests/heaps/run.py             writes the table of docs/explanation/heaps.md
"""

import json
import os
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "heaps.md"
ROWS = 6  # of a batch


class InOneProcess:
    """What `comparison.programs.Programs` is, without processes."""

    dtype, control = "float64", None

    def __init__(self, pair):
        self.pair, self.old, self.changed_ops = pair, None, []
        self.change_tf1([])
        self.reopen_port()

    def change_tf1(self, changes):
        from dcgan_v1.migration.runners.tf1.runner import GraphRunner
        from dcgan_v1.migration.sources import GraphChange, OptimizerChange

        of_ops = [c for c in changes if isinstance(c, GraphChange)]
        if self.old and of_ops == self.changed_ops:
            self.old.change([c for c in changes if isinstance(c, OptimizerChange)])
            return
        if self.old:
            self.old.session.close()
        self.changed_ops = of_ops
        self.old = GraphRunner(self.spec(), "float64", 1, list(changes))

    def spec(self):
        from dcgan_v1.migration.specs import Tf1

        return Tf1(function=self._build)

    def _build(self):
        import tensorflow.compat.v1 as tf

        tf.set_random_seed(1)
        self.pair.old()

    def reopen_port(self):
        import keras
        import torch

        from dcgan_v1.migration.runners.keras.runner import KerasRunner
        from dcgan_v1.migration.runners.torch.runner import TorchRunner

        if self.pair.port == "PyTorch":
            torch.manual_seed(0)
            self.new = TorchRunner(self.pair.new(), [])
        else:
            keras.utils.set_random_seed(0)
            keras.utils.clear_session()  # layers are numbered as in a process of their own
            self.new = KerasRunner(self.pair.new(), "float64", [])


def set_up():
    """Does what a port's process does before the port is made."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from dcgan_v1.migration.runners import worker
    from dcgan_v1.migration.sources import Source

    source = Source("heaps.pairs:new", options={"framework": "torch"})
    opening = worker.Opening("port", source, "float64", 1)
    worker._set_up_tensorflow(opening, [])
    worker.after_import.call("torch", lambda: worker._set_up_torch(opening))
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tf.layers is behind it


def compared(pair, programs=InOneProcess):
    """Returns {name, same, findings, row of the page's table, seconds of the processor}.

    Args:
      pair: see `pairs.Pair`.
      programs: opens both its sides.
    """
    import numpy as np

    from dcgan_v1.errors import UserError
    from dcgan_v1.migration.comparison import pipeline
    from dcgan_v1.migration.comparison.inputs.preparation import Request
    from dcgan_v1.migration.reporting import tables

    began = time.process_time()
    rng = np.random.default_rng(1)
    inputs = {}
    if pair.images:
        inputs["x"] = np.where(rng.random((ROWS, 8, 8, 1)) < 0.05, rng.random((ROWS, 8, 8, 1)), 0)
    request = Request(inputs=inputs, checked=[1, 3], batch_size=ROWS)
    try:
        outcome = pipeline.compared(programs(pair), request, None, pipeline.Listener(), False)
        if not outcome.pairing.is_whole:
            lone = [*outcome.pairing.missing, *outcome.pairing.new_only]
            raise UserError(f"no counterpart: {', '.join(lone)}")
        table = tables.build(outcome, request, ("TF1", "the port"), {}, pair.accept)
    except UserError as error:
        return {"name": pair.name, "error": str(error)}
    findings = [f"{f['where']}: {f['cause']}" for f in table["findings"]]
    return {
        "name": pair.name,
        "same": table["same"],
        "findings": findings,
        "kinds": [f["kind"] for f in table["findings"]],
        "row": row(pair, table),
        "seconds": time.process_time() - began,
    }


def row(pair, table):
    """What the page's table says of a pair."""
    said = "; ".join(f"{f['where']}: {f['cause']}" for f in table["findings"])
    said = said or ("the same but for it" if pair.accept else "the same")
    said = said if pair.is_explained else f"not wholly explained: {said}"
    return said.replace("|", "&#124;")


def main(names):
    set_up()
    from heaps.pairs import DIFFERENT, EQUAL

    wanted = [p for p in (*EQUAL, *DIFFERENT) if not names or p.name in names]
    results = {}
    for pair in wanted:
        results[pair.name] = result = compared(pair)
        print(json.dumps(result), flush=True)
    if not names:
        write(EQUAL, DIFFERENT, results)


def write(equal, different, results):
    """Puts both tables in the place of those of the page."""
    text = PAGE.read_text()
    for mark, pairs in (("equal", equal), ("different", different)):
        start, rest = text.split(f"<!-- {mark} -->\n\n")
        head, _, after = rest.partition("\n\n<!-- end -->")
        title = head.splitlines()[:2]
        rows = [f"| {p.name} | {p.port} | {results[p.name]['row']} |" for p in pairs]
        text = start + f"<!-- {mark} -->\n\n" + "\n".join([*title, *rows])
        text += f"\n\n<!-- end -->{after}"
    seconds = sum(result["seconds"] for result in results.values())
    text = re.sub(r"took \d+ seconds", f"took {seconds:.0f} seconds", text)
    PAGE.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
