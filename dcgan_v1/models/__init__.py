"""The systems. A file's stem is its registry name and its root variable scope."""

from importlib import import_module

MODELS = (
    "mnist_beginners",
    "celeba64",
    "mnist_keras",
    "mnist_tutorial",
    "images96",
)


def get(name):
    """Returns the module of the system `name`, one of MODELS."""
    if name not in MODELS:
        raise ValueError(f"unknown model {name!r}; one of {', '.join(MODELS)}")
    return import_module(f"dcgan_v1.models.{name}")


def variables(trainables, name):
    """Splits a graph's trainable variables into (generator's, discriminator's).

    Chosen by scope prefix, slash included; together they must be all there are.
    """
    split = [
        [v for v in trainables if v.op.name.startswith(f"{name}/{net}/")]
        for net in ("generator", "discriminator")
    ]
    found = {v.op.name for part in split for v in part}
    stray = [v.op.name for v in trainables if v.op.name not in found]
    assert not stray and all(split), f"variables of neither network: {stray}"
    return split
