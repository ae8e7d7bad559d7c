"""Settings that drift silently between the frameworks, and what each side has."""

import numpy as np

from dcgan_v1.compare import probes

# setting -> (TF1, Keras 3, PyTorch): what a framework takes where nothing is said
SILENT = {
    "epsilon of Adam": (
        "1e-8, before the bias correction",
        "1e-7, before the bias correction",
        "1e-8, after it: in step 1 worth 32 times as much",
    ),
    "slope of leaky ReLU": ("0.2", "0.3", "0.01"),
    "decay of batch norm's averages": (
        "0.999 (tf.contrib)",
        "0.99",
        "0.9 (momentum 0.1)",
    ),
    "epsilon of batch norm": ("1e-3 (tf.contrib)", "1e-3", "1e-5"),
    "variance in the averages": (
        "biased (fused kernels: unbiased)",
        "biased",
        "unbiased",
    ),
    "gamma of batch norm": ("none (tf.contrib)", "yes", "yes"),
    "padding of 5x5, stride 2": ("1 before, 2 after", "1 before, 2 after", "as given"),
    "bilinear resize": (
        "no half-pixel centres",
        "half-pixel centres",
        "half-pixel centres",
    ),
    "initial weights": (
        "Glorot uniform",
        "Glorot uniform",
        "U(-b, b), b = 1 / sqrt(fan_in)",
    ),
    "a model frozen after compile": (
        "-",
        "stays frozen for itself, too (Keras 2: compile decided)",
        "-",
    ),
}


def sides(pair):
    """Returns rows (setting, TF1's value, the counterpart's, whether they differ).

    All values are read from the running sides; paddings are measured.
    """
    ours, theirs = (pair.descriptions[side]["settings"] for side in ("tf1", "other"))
    rows = []
    for name, settings in ours.items():
        for key, value in settings.items():
            other = theirs.get(name, {}).get(key)
            differs = other is None or not np.isclose(value, other, rtol=1e-5, atol=0)
            rows.append((f"{name}: {key}", _text(value), _text(other), differs))
    return [*rows, *_paddings(pair), *_initial(pair)]


def _paddings(pair):
    """Zeros before the image in D's first convolution, worked out from its output."""
    ours, theirs = (pair.seen[side]["forward"] for side in ("tf1", "other"))
    name = next(n for n in ours if n.startswith("training/discriminator/conv"))
    scope = f"{pair.job.config.model}/{name.removeprefix('training/')}"
    w, bias = pair.start[f"{scope}/w"], pair.start.get(f"{scope}/b", 0)
    if theirs[name].shape != ours[name].shape:
        return []
    found = [
        probes.padding(pair.real, w, side[name] - bias, transposed=False)
        for side in (ours, theirs)
    ]
    label = f"{name.removeprefix('training/')}: rows added before the image"
    return [(label, str(found[0]), str(found[1]), found[0] != found[1])]


def _initial(pair):
    """Spread of the initial weights that each side would draw by itself."""
    ours, theirs = (pair.descriptions[s]["initial_std"] for s in ("tf1", "other"))
    variables = pair.descriptions["tf1"]["variables"]
    rows = []
    for name, std in ours.items():
        other = theirs.get(name)
        chance = 5 / np.prod(variables[name]["shape"]) ** 0.5  # of so few draws
        differs = other is None or not np.isclose(std, other, rtol=chance, atol=1e-6)
        label = f"{name.partition('/')[2]}: initial standard deviation"
        rows.append((label, f"{std:.3g}", _text(other), differs))
    return rows


def _text(value):
    if value is None:
        return "-"
    return str(value) if isinstance(value, bool) else f"{value:g}"
