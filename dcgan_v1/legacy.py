"""Variable names of the original TF1 scripts, as their Saver wrote them.

The originals left naming to TensorFlow, which numbers slots and powers in the order in
which the optimisers were created. `ORIGINAL` is that order written down as data.
"""

from typing import NamedTuple


class Original(NamedTuple):
    """Names of one system's original script.

    Attributes:
      layers: our layer path -> (its weights' name, its bias's name).
      batch_norms: our layer path -> the scope that held beta and the averages.
      adams: our optimiser's name -> (m slot, v slot, suffix of its beta powers).
    """

    layers: dict
    batch_norms: dict
    adams: dict


ORIGINAL = {
    "mnist_beginners": Original(
        layers={
            "generator/linear1": ("g_w1", "g_b1"),
            "generator/conv2": ("g_w2", "g_b2"),
            "generator/conv3": ("g_w3", "g_b3"),
            "generator/conv4": ("g_w4", "g_b4"),
            "discriminator/conv1": ("d_w1", "d_b1"),
            "discriminator/conv2": ("d_w2", "d_b2"),
            "discriminator/linear3": ("d_w3", "d_b3"),
            "discriminator/linear4": ("d_w4", "d_b4"),
        },
        batch_norms={  # the source gave each batch norm the name of the bias before it
            "generator/bn1": "g_b1",
            "generator/bn2": "g_b2",
            "generator/bn3": "g_b3",
        },
        adams={  # created in this order: D on fakes, D on reals, G
            "d_fake_adam": ("Adam", "Adam_1", ""),
            "d_real_adam": ("Adam_2", "Adam_3", "_1"),
            "g_adam": ("Adam", "Adam_1", "_2"),
        },
    ),
}


def names(model, variables):
    """Maps our variable names to the original script's.

    Args:
      model: registry name of a system that has an original TF1 script.
      variables: names of the variables a checkpoint of ours holds.

    Returns:
      dict ours -> original; `global_step` is left out, the originals had none.
    """
    original = ORIGINAL[model]
    table = {}
    for layer, (w, b) in original.layers.items():
        table[f"{model}/{layer}/w"] = w
        table[f"{model}/{layer}/b"] = b
    for layer, scope in original.batch_norms.items():
        for name in ("beta", "moving_mean", "moving_variance"):
            table[f"{model}/{layer}/{name}"] = f"{scope}/{name}"
    for adam, (m, v, suffix) in original.adams.items():
        table[f"{adam}/beta1_power"] = f"beta1_power{suffix}"
        table[f"{adam}/beta2_power"] = f"beta2_power{suffix}"
        for ours in variables:
            variable, _, slot = ours.rpartition("/")
            if slot in (adam, f"{adam}_1"):
                table[ours] = f"{table[variable]}/{v if slot.endswith('_1') else m}"
    unknown = set(variables) - set(table) - {"global_step"}
    assert not unknown, f"no original name for {sorted(unknown)}"
    return {ours: table[ours] for ours in variables if ours in table}
