"""The networks of the systems, a file each; `systems` says what else there is of one.

Such a file has `networks(config)`, which returns (generator, discriminator), and
`training_step(config, generator, discriminator, real, **noise)`, which returns its
`training_steps.Step`.
"""

from importlib import import_module
from types import ModuleType


def get(name: str) -> ModuleType:
    """Returns the module of the system `name`."""
    return import_module(f"dcgan_v1.models.{name}")
