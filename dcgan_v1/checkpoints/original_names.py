"""Variable names of the original TF1 scripts, as their Saver wrote them.

The originals left naming to TensorFlow, which numbers what has one name (slots, powers,
batch norms) in the order of creation. `ORIGINAL` is that order written down as data.
"""

from collections.abc import Iterable
from typing import NamedTuple

from dcgan_v1.errors import UserError


class Original(NamedTuple):
    """Names of one system's original script.

    Attributes:
      variables: our name, without the model's scope -> the original's.
      adams: our optimiser's name -> its original (m slot, v slot, beta1 power, beta2
        power).
    """

    variables: dict[str, str]
    adams: dict[str, tuple[str, str, str, str]]


def _mnist_beginners() -> dict[str, str]:
    layers = [
        ("generator", kind, "g", i)
        for i, kind in enumerate(("linear", "conv", "conv", "conv"), start=1)
    ]
    layers += [
        ("discriminator", kind, "d", i)
        for i, kind in enumerate(("conv", "conv", "linear", "linear"), start=1)
    ]
    names = {
        f"{net}/{kind}{i}/{part}": f"{letter}_{part}{i}"
        for net, kind, letter, i in layers
        for part in ("w", "b")
    }
    # the source gave each batch norm the scope name of the bias before it
    names |= {
        f"generator/bn{i}/{part}": f"g_b{i}/{part}"
        for i in (1, 2, 3)
        for part in ("beta", "moving_mean", "moving_variance")
    }
    return names


def _celeba64() -> dict[str, str]:
    names = {"generator/linear0/w": "Generator/g_W0"}
    names |= {f"generator/deconv{i}/w": f"Generator/g_W{i}" for i in (1, 2, 3, 4)}
    names |= {f"discriminator/conv{i}/w": f"Discriminator/d_W{i}" for i in range(4)}
    names["discriminator/linear4/w"] = "Discriminator/d_W4"
    for net, scope, letter in (
        ("generator", "Generator", "g"),
        ("discriminator", "Discriminator", "d"),
    ):
        for i in range(4):
            for part in ("beta", "gamma"):
                names[f"{net}/bn{i}/{part}"] = f"{scope}/{letter}_{part}{i}"
    # the source named D's third gamma like its fourth, and TensorFlow numbered them
    names["discriminator/bn2/gamma"] = "Discriminator/d_gamma3"
    names["discriminator/bn3/gamma"] = "Discriminator/d_gamma3_1"
    # one scope per call of batch_norm: G's, then D's on fakes, then D's on reals
    calls = [(f"generator/bn{i}", "Generator", i) for i in range(4)]
    calls += [(f"discriminator/bn{i}/fake", "Discriminator", i) for i in range(4)]
    calls += [(f"discriminator/bn{i}/real", "Discriminator", 4 + i) for i in range(4)]
    for layer, scope, call in calls:
        bn = f"bn/{scope}/bn_{call}" if call else f"bn/{scope}/bn"
        average = "ExponentialMovingAverage"
        names[f"{layer}/moving_mean"] = f"{bn}/moments/Squeeze/{average}"
        names[f"{layer}/moving_variance"] = f"{bn}/moments/Squeeze_1/{average}"
    return names


ORIGINAL = {
    "mnist_beginners": Original(
        _mnist_beginners(),
        {  # created in this order: D on fakes, D on reals, G
            "d_fake_adam": ("Adam", "Adam_1", "beta1_power", "beta2_power"),
            "d_real_adam": ("Adam_2", "Adam_3", "beta1_power_1", "beta2_power_1"),
            "g_adam": ("Adam", "Adam_1", "beta1_power_2", "beta2_power_2"),
        },
    ),
    "celeba64": Original(
        _celeba64(),
        {
            f"{net}_adam": (
                "Adam",
                "Adam_1",
                f"{net.upper()}_optimizer/beta1_power",
                f"{net.upper()}_optimizer/beta2_power",
            )
            for net in ("g", "d")
        },
    ),
}


def variables(model: str) -> dict[str, str]:
    """Returns our name, without the model's scope -> the original's; {} without a script."""
    return ORIGINAL[model].variables if model in ORIGINAL else {}


def names(model: str, variables: Iterable[str]) -> dict[str, str]:
    """Maps our variable names to the original script's.

    Args:
      model: registry name of a system that has an original TF1 script.
      variables: names of variables of ours.

    Returns:
      dict ours -> original; `global_step` is left out, the originals had none.

    Raises:
      UserError: a variable is none of the system's.
    """
    if model not in ORIGINAL:
        raise UserError(f"{model} has no original TF1 script; those of {', '.join(ORIGINAL)} have")
    table = all_names(model)
    unknown = sorted(set(variables) - set(table) - {"global_step"})
    if unknown:
        raise UserError(f"{unknown[0]} has no name in the original script of {model}")
    return {ours: table[ours] for ours in variables if ours in table}


def missing(model: str, originals: Iterable[str]) -> list[str]:
    """Returns the names the original script's Saver writes and `originals` lacks."""
    return sorted(set(all_names(model).values()) - set(originals))


def all_names(model: str) -> dict[str, str]:
    """Returns ours -> original of everything the original script's Saver writes."""
    original = ORIGINAL[model]
    table = {f"{model}/{ours}": name for ours, name in original.variables.items()}
    for adam, (m, v, power1, power2) in original.adams.items():
        table[f"{adam}/beta1_power"] = power1
        table[f"{adam}/beta2_power"] = power2
        for ours, name in original.variables.items():
            # g_adam has slots for the generator's trained variables alone, and so on
            if "moving_" in ours or ours[0] != adam[0]:
                continue
            table[f"{model}/{ours}/{adam}"] = f"{name}/{m}"
            table[f"{model}/{ours}/{adam}_1"] = f"{name}/{v}"
    return table
