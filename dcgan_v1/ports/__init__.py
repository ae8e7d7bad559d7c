"""The systems as users of TF2, Keras and PyTorch would write them today.

One file for each counterpart, which reads on its own. Its `Gan` has a `generator` and a
`discriminator` made of the framework's own layers, named as the TF1 scopes are;
`optimizers` by the name TF1 has for them; and `train_step(real, **noise)`, which does
what one TF1 step does and returns its scalars. Latents and dropout masks are arguments,
so that two frameworks can be given the same. The core imports nothing from here.
"""

from importlib import import_module
from types import ModuleType

from dcgan_v1 import systems


def get(model: str, against: str) -> ModuleType:
    """Returns the module of a counterpart, which imports its framework."""
    return import_module(systems.get(model).counterparts[against])
