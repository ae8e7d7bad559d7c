"""Exports a trained model to another format, with a card that says how to load it.

Formats: SavedModel, frozen graph, TensorFlow Lite, ONNX, Keras, PyTorch. A file is kept only if it
draws what the session draws."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("export_model")
