"""Models exported as a user does it, and read as their cards say."""

import re
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from script_runs import ENVIRONMENT, call

from dcgan_v1 import export as formats
from dcgan_v1 import pretrained, systems
from dcgan_v1.sample import draw_noise, open_sampler


def needs(to):
    """Skips where an optional package is missing."""
    for package in formats.get(to).NEEDS:
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")


def exported(name, to, folder, *options):
    """Exports a pretrained model with its discriminator; returns the recipes of its card."""
    done = call(
        "export_model.py",
        "--pretrained",
        name,
        "--to",
        to,
        "--discriminator",
        "--out",
        folder,
        *options,
    )
    assert done.returncode == 0, done.stderr
    return re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.S)


def draws_what_the_session_draws(code, name, folder, bound, python=sys.executable):
    """Runs the card's lines, with noise of our own, in a process of its own, and holds
    images and logits to what the session gives. Returns these.

    Args:
      bound: how far off, of the range; of the largest logit, or of 1.
    """
    system = systems.get(name)
    seed = int(np.random.SeedSequence().entropy % 2**31)
    print("seed", seed)
    z = draw_noise(system.noise, 16, system.z_dim, seed).astype(np.float32)
    np.save(folder / "z.npy", z)
    code = re.sub(r"^z = .*$", "z = np.load('z.npy')", code, flags=re.M)
    code += "np.savez('drawn', images=images, logits=logits)\n"
    env = {k: v for k, v in ENVIRONMENT.items() if k != "TF2_BEHAVIOR"}
    ran = subprocess.run([python, "-c", code], cwd=folder, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-1000:]
    with open_sampler(pretrained.path_of(name), "ema") as sampler:
        images, logits = sampler.arrays(z)
    drawn = np.load(folder / "drawn.npz")
    low, high = system.image_range
    assert np.abs(drawn["images"] - images).max() <= bound * (high - low)
    unit = max(1, np.abs(logits).max())
    assert np.abs(drawn["logits"][:, 0] - logits).max() <= bound * unit
    return images, logits
