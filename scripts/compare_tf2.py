"""An older name of `compare --system`: a TF1 system against its counterpart.

Says where, by how much and why the two differ. Exits with 0 if they compute the same function,
with 1 if they differ, with 2 if they could not be compared."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("compare_tf2")
