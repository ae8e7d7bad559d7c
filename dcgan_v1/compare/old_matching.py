"""What only one side has: where anything is, nothing else can be trusted."""

import re
from typing import NamedTuple

import numpy as np

from dcgan_v1.nn.optimizers import is_optimizers
from dcgan_v1.ports import names


class Finding(NamedTuple):
    """Where the sides part, and why.

    Attributes:
      where: a layer or a variable, in TF1's names.
      cause: what was worked out, one sentence.
    """

    where: str
    cause: str


def arrays(pair):
    """What only one side has, or has in another shape or not trained: nothing else can
    be trusted then."""
    ours, theirs = pair.seen["tf1"], pair.seen["other"]
    stray = [key for key in theirs["gradient"] if key not in ours["gradient"]]
    if any("/g_adam/" in key and "/discriminator/" in key for key in stray):
        cause = (
            f"G's update also trains {len(stray)} variables of the discriminator: D is "
            "not frozen, or a stop_gradient is missing"
        )
        return [Finding(variable_of(stray[0]), cause)]
    findings = [Finding(key, "TF1 has no such gradient") for key in stray]
    for section, named in ours.items():
        for name, array in named.items():
            if name not in theirs[section]:
                if not name.startswith("d_mean_"):  # TF1's script reports more
                    findings.append(Finding(name, "the counterpart has nothing for it"))
            elif np.shape(array) != np.shape(theirs[section][name]):
                shapes = np.shape(theirs[section][name]), np.shape(array)
                cause = "has shape {} in the counterpart, {} in TF1".format(*shapes)
                findings.append(Finding(name, cause))
    return findings


def variables(pair):
    """Compares the lists of variables that both sides give, optimisers' left out.

    Returns Findings; with any of them nothing can be carried over and compared.
    """
    job, listed = pair.job, pair.descriptions["other"]["variables"]
    ours = {
        name: v
        for name, v in pair.descriptions["tf1"]["variables"].items()
        if name in listed or not is_optimizers(name)
    }
    findings = [
        Finding(name, "the counterpart has no such variable")
        for name in ours.keys() - listed.keys()
    ]
    findings += [
        Finding(name, "a variable of the counterpart that TF1 has not")
        for name in listed.keys() - ours.keys()
    ]
    for name in ours.keys() & listed.keys():
        row = names.row(job.config.model, job.against, name, ours[name]["shape"])
        if listed[name]["shape"] != list(row.other_shape):
            cause = (
                f"has shape {listed[name]['shape']} in the counterpart, TF1's is "
                f"{list(row.other_shape)} there"
            )
            findings.append(Finding(name, cause))
        elif ours[name]["trainable"] != listed[name]["trainable"]:
            findings.append(Finding(name, "is trained on one side only"))
    return sorted(findings)


def variable_of(name):
    """'2/g_adam/<variable>' or '<variable> after step 1' -> '<variable>'."""
    name = re.sub(r" after step \d+$", "", name)
    return re.sub(r"^\d+/\w+_adam/", "", name)
