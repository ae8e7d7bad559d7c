"""Models exported as a user does it, and read as their cards say."""

import re
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from rounding import assert_close, products
from script_runs import ENVIRONMENT, call

from dcgan_v1 import export as formats
from dcgan_v1 import pretrained, systems
from dcgan_v1.checkpoints import reading
from dcgan_v1.sample import draw_noise, open_sampler


def needs(to):
    """Skips where an optional package is missing."""
    for package in formats.get(to).NEEDS:
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")


def exported(name, to, folder, *options):
    """Exports a pretrained model with its discriminator; returns the recipes of its card."""
    return exported_alone(name, to, folder, "--discriminator", *options)


def exported_alone(name, to, folder, *options):
    """Exports the generator of a pretrained model; returns the recipes of its card."""
    model = ("--pretrained", name, "--to", to, "--out", folder)
    done = call("export_model.py", *model, *options)
    assert done.returncode == 0, done.stderr
    return re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.S)


def terms(name, *networks):
    """How many products lie behind an output of a pretrained model's networks."""
    shapes = reading.shapes(str(pretrained.path_of(name) / "model"))
    return products({n: s for n, s in shapes.items() if n.split("/")[1] in networks})


def draws_what_the_session_draws(code, name, folder, python=sys.executable):
    """Runs the card's lines, with noise of our own, in a process of its own, and holds
    images and logits to what the session gives, within what another order of summation
    can make. Returns these.
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
    assert_close(drawn["images"], images, terms(name, "generator"), size=1)
    unit = max(1, np.abs(logits).max())
    assert_close(drawn["logits"][:, 0], logits, terms(name, "generator", "discriminator"), unit)
    return images, logits
