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


def recorded(pair, folder):
    """Records both sides of a pair, each in a process of its own. Returns the folders of both
    recordings, or what was printed where one fails."""
    from heaps.written_programs import written

    sides = []
    for name, program, record in (("old", pair.old, _record_tf1), ("new", pair.new, _record_port)):
        place = folder / name
        main = written(program, pair, place / "program", _fed(sides[0]) if sides else None)
        log = place / "log"
        pid = os.fork()
        if not pid:
            _become(record, main, place, log)
        _, status = os.waitpid(pid, 0)
        if status:
            return log.read_text()[-1500:]
        sides.append(place / "recording")
    return sides


def _fed(recording):
    """TF1's input -> what it was fed in the first step."""
    from dcgan_v1.migration.recordings.tf1_recording import Recording

    return {name: arrays[0] for name, arrays in Recording(recording).fed.items()}


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
    from heaps.written_programs import STEPS

    words = {"folder": place / "run", "record": place / "recording", "whole_steps": STEPS}
    _, recorder = running.run(main, [], **words)
    return 0 if recorder.finish() else 1


def _record_port(main, place):
    from dcgan_v1.migration.recordings.port_recorder import running
    from heaps.written_programs import STEPS

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
    from heaps.pairs import DIFFERENT, EQUAL

    wanted = [p for p in (*EQUAL, *DIFFERENT) if not names or p.name in names]
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
