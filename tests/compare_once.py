"""`compare` as a script for tests, in processes forked from one with TensorFlow loaded.

See `preloaded`: loading is most of what a small comparison takes."""

import dataclasses
import json
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[1]


def compared(old, new, map=None, **options):
    """Returns what `compare` does, as far as tests look: true where it says same;
    verdict, report, findings, matching.

    Args:
      old: a `Tf1`, or a text; new: a text, or a `Recorded`.
    """
    from script_runs import call_path

    order = {
        "old": old if isinstance(old, str) else dataclasses.asdict(old),
        "new": new if isinstance(new, str) else dataclasses.asdict(new),
        "options": options,
        "map": map and dataclasses.asdict(map),
    }
    done = call_path(__file__, json.dumps(order))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    parts = ("findings", "rows")
    found |= {k: [SimpleNamespace(**row) for row in found[k]] for k in parts}
    matching = SimpleNamespace(
        rows=found.pop("rows"), exempt=found.pop("exempt"), new_only=found.pop("new_only")
    )
    return Compared(matching=matching, **found)


class Compared(SimpleNamespace):
    def __bool__(self):
        return self.report["same"]


def main(order):
    sys.path.insert(0, str(ROOT))
    from dcgan_v1.compare import Recorded, Tf1, compare
    from dcgan_v1.migration.matching.map_file import Map
    from dcgan_v1.migration.reporting import report

    given = order["map"] and Map(**order["map"])
    old, new = order["old"], order["new"]
    old = old if isinstance(old, str) else Tf1(**old)
    new = new if isinstance(new, str) else Recorded(**new)
    result = compare(old, new, map=given, **order["options"])
    rows = [
        {"old": r.old, "new": r.new, "by": r.by, "is_sure": bool(r.is_sure)}
        for r in result.matching.rows
    ]
    found = {
        "verdict": result.verdict,
        "report": result.report,
        "rows": rows,
        "findings": [dataclasses.asdict(f) for f in result.findings],
        "exempt": result.matching.exempt,
        "new_only": result.matching.new_only,
    }
    print(json.dumps(report.plain(found)))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
