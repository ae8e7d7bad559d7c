"""Frameworks, loaded once in the process that programs are forked from.

Loading them takes longer than most programs do.
Which ones a program needs shows when it is opened. A fork that would import one that is not there
ends, with a status that names it; the process loads it, and forks again."""

import importlib
import os
import sys
from functools import partial

from dcgan_v1.migration.runners import after_import

NAMES = ("tensorflow", "keras", "tf_keras", "torch")
WANTS = 16  # and the number of a framework in NAMES: status of a fork that wants it


class Loaded:
    """What the process has loaded, or has tried to load.

    Args:
      kind: of what it opens, 'tf1' or 'port'.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.names = {name for name in NAMES if name in sys.modules}
        if kind == "tf1":
            self.add("tensorflow")

    def add(self, name: str) -> None:
        """Loads a framework with the module that runs its programs, and does nothing with it: no
        threads start. One that fails is left to the program, which says so."""
        self.names.add(name)
        try:
            self._load(name)
        except Exception:  # whatever a framework raises
            return

    def _load(self, name: str) -> None:
        from dcgan_v1 import plotting, runtime

        if name == "tf_keras" and self.kind == "port":
            self._load("tensorflow")  # whose settings come first
        if name in ("torch", "tf_keras"):
            importlib.import_module(name)
            if self.kind == "port" and name == "torch":
                import dcgan_v1.migration.runners.torch.runner

                # the first optimiser loads it, which takes as long as all else
                importlib.import_module("torch._dynamo")
        elif self.kind == "tf1" and name == "tensorflow":
            runtime.load(keras=False)
            import dcgan_v1.migration.runners.tf1.runner
        elif self.kind == "tf1":
            plotting.load()
            import keras
        else:
            self.names |= {"tensorflow", "keras"}
            runtime.load()
            import keras  # noqa: F401

            import dcgan_v1.migration.runners.keras.runner  # noqa: F401

    def stop_at_others(self) -> None:
        """Lets this fork end where its program imports a framework that is not loaded."""
        for number, name in enumerate(NAMES):
            if name not in self.names:
                after_import.call_instead(name, partial(os._exit, WANTS + number))


def wanted(status: int) -> str:
    """Returns the framework that a fork which ended wants, or ''."""
    return NAMES[status - WANTS] if 0 <= status - WANTS < len(NAMES) else ""
