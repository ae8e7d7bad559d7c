"""Writes tests/evidence: what the pairs of docs/compare_your_own computed.

For tests of the stages that need no process. Run it again where a record has changed:
python tests/evidence_of_pairs.py"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "evidence"
PAIRS = {"three_faults": "first", "same": "third"}  # file -> the port in port.py


def main() -> None:
    from dcgan_v1.compare import compare

    program = ROOT / "docs" / "compare_your_own" / "port.py"
    FOLDER.mkdir(exist_ok=True)
    for name, port in PAIRS.items():
        result = compare(
            f"{program}:old",
            f"{program}:{port}",
            dtype="float64",
            steps=1,
            batch_size=2,
            timing_steps=0,
        )
        result.comparisons["float64"].evidence.save(FOLDER / f"{name}.npz")
        print(name, result.verdict)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
