"""Settings that drift silently between the frameworks, and what each side has."""

import numpy as np

# setting -> (TF1, Keras 3, PyTorch): what a framework takes where nothing is said
SILENT = {
    "epsilon of Adam": (
        "1e-8, before the bias correction",
        "1e-7, before the bias correction",
        "1e-8, after it: in step 1 worth 32 times as much",
    ),
    "slope of leaky ReLU": ("0.2", "0.3", "0.01"),
    "decay of batch norm's averages": ("0.999 (tf.contrib)", "0.99", "0.9 (momentum 0.1)"),
    "epsilon of batch norm": ("1e-3 (tf.contrib)", "1e-3", "1e-5"),
    "variance in the averages": ("biased (fused kernels: unbiased)", "biased", "unbiased"),
    "gamma of batch norm": ("none (tf.contrib)", "yes", "yes"),
    "padding of 5x5, stride 2": ("1 before, 2 after", "1 before, 2 after", "as given"),
    "bilinear resize": ("no half-pixel centres", "half-pixel centres", "half-pixel centres"),
    "initial weights": ("Glorot uniform", "Glorot uniform", "U(-b, b), b = 1 / sqrt(fan_in)"),
    "a model frozen after compile": (
        "-",
        "stays frozen for itself, too (Keras 2: compile decided)",
        "-",
    ),
}


def sides(pair):
    """Returns rows {setting, tf1, other, differs} of optimisers and of layers beside
    each other, all read from the running sides."""
    rows = []
    if pair.trains and pair.looks:
        for old, new in pair.matching.optimizers.items():
            kinds = pair.looks[0].hyper.get(old, {}), pair.looks[1].hyper.get(new, {})
            rows += _rows(new, *kinds)
    seen = set()
    for aligned in pair.aligned.values():
        for a in aligned:
            name = a.new.name.partition("#")[0]
            if a.old is not None and name not in seen:
                seen.add(name)
                rows += _rows(name, a.old.settings, a.new.settings, agree=a.by == "value")
    return rows


def _rows(name, ours, theirs, agree=False):
    """Rows of the settings that both sides have. Words (SAME, 1x1) differ in what they
    say, not in what they do, where the outputs agree."""
    rows = []
    for setting, value in ours.items():
        other = theirs.get(setting)
        # text against a number: the frameworks say it in different ways
        if other is None or isinstance(value, str) != isinstance(other, str):
            continue
        differs = value != other and not (agree and isinstance(value, str))
        if isinstance(value, float) and not isinstance(other, bool):
            differs = not np.isclose(value, other, rtol=1e-6, atol=0)
        rows.append(
            {
                "setting": f"{name}: {setting}",
                "tf1": _text(value),
                "other": _text(other),
                "differs": bool(differs),
            }
        )
    return rows


def _text(value):
    return f"{value:g}" if isinstance(value, float) else str(value)
