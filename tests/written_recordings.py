"""Recordings of a tiny port, written by hand.

D of what there is and of what G makes, one update in each of two steps."""

import json

import numpy as np


def write(folder, slope=0.2, shift=0.0, noise=0.0):
    """Writes one. Returns the folder.

    Args:
      folder: that is made.
      slope: of G's leaky ReLU.
      shift: of the batch of the second step; noise: what is added to G's.
    """
    folder.mkdir()
    rng = np.random.default_rng(0)
    w, v = rng.normal(size=(2, 3)), rng.normal(size=(3, 1))
    np.savez(folder / "before.npz", **{"state/G/w": w, "state/D/v": v})
    updates = []
    for step in range(2):
        x, z = rng.normal(size=(4, 3)) + shift * step, rng.normal(size=(4, 2)) + noise
        h = z @ w
        both = np.concatenate([x, np.where(h > 0, h, slope * h)])
        gradient = both.mean(0)[:, None]
        arrays = {"item/0": x, "item/1": z, "item/2": both, "layer/0": h, "layer/1": both[4:]}
        arrays |= {"layer/2": both @ v, "layer_input/0": z, "gradient/D/v": gradient}
        v = v - 0.1 * gradient
        arrays |= {"state/G/w": w, "state/D/v": v}
        np.savez(folder / f"update_{step:04d}.npz", **arrays)
        updates.append(_update(step, slope, float(arrays["layer/2"].mean())))
    (folder / "recording.json").write_text(json.dumps(_told(updates)))
    return folder


def _update(step, slope, loss):
    def item(kind, name, after):
        return {"kind": kind, "name": name, "function": kind, "place": "t.py:1", "after": after}

    def layer(name, function, parts, **settings):
        told = {"name": name, "settings": settings, "given": [4, 2]}
        return told | ({"function": function, "parts": parts, "call": step} if function else {})

    return {
        "optimizer": "sgd",
        "settings": {"lr": 0.1},
        "items": [item("tensor", "x", 0), item("draw", "z", 0), item("call", "both", 2)],
        "layers": [
            layer("G", "matmul", {"weight": "G/w"}),
            layer("G", "leaky_relu", {}, negative_slope=slope),
            layer("D", "", {}),
        ],
        "losses": {"loss": loss},
        "counts": {"sgd": step + 1},
    }


def _told(updates):
    def variable(shape, layer, attribute, trains):
        told = {"shape": shape, "layer": layer, "attribute": attribute, "trainable": trains}
        return told | {"dtype": "float64"}

    sgd = {"classes": ["SGD", "Optimizer"], "settings": {"lr": 0.1}, "variables": ["D/v"]}
    return {
        "format": 1,
        "kind": "port",
        "framework": "torch",
        "made on": {"torch": "2.0"},
        "dtype": "float64",
        "updates": updates,
        "alone": True,
        "notes": [],
        "inference": [],
        "variables": {
            "G/w": variable([2, 3], "G", "w", False),
            "D/v": variable([3, 1], "D", "v", True),
        },
        "modules": {"G": {"classes": ["Net", "Module"]}, "D": {"classes": ["Linear", "Module"]}},
        "optimizers": {"sgd": sgd},
    }
