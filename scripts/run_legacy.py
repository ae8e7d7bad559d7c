"""Runs a TF1 program or notebook as it is on today's TensorFlow; records it if asked to.

Running a program runs whatever it says, at your own risk."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("run_legacy")
