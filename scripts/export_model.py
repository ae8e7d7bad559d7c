"""Writes a trained model in a format of others, with a card that says how to load
it: a SavedModel, a frozen graph, TensorFlow Lite, ONNX, Keras or PyTorch. It is kept
only if it draws what the session draws."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("export_model")
