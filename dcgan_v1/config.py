"""One frozen config for a run: JSON in and out, unknown keys refused."""

import dataclasses
import json
from dataclasses import dataclass, field

from dcgan_v1.errors import UserError


def _fixed(default):
    """A setting that decides which numbers a run computes: it never changes again."""
    return field(default=default, metadata={"fixed": True})


@dataclass(frozen=True)
class Config:
    """Settings of a run. The fixed ones must stay as they are when it is restored."""

    model: str = _fixed("mnist_beginners")  # registry name
    seed: int = _fixed(0)  # of everything random
    batch_size: int = _fixed(50)
    pretrain_steps: int = _fixed(300)  # steps of D alone before the first with G
    validation: int = _fixed(5000)  # images at the data's start that are not trained on
    data_sha256: str = _fixed("")  # of the training images as read
    start: str = _fixed("")  # the checkpoint this run began from, if any

    data_dir: str = ""  # empty: the files shipped with the package
    steps: int = 100_000  # steps of D and G, after pre-training
    save_every: int = 1000
    keep: int = 5  # checkpoints
    sample_every: int = 100
    summary_every: int = 10
    sample_bn: str = "batch"  # statistics of the samples: 'batch' or 'ema'
    histograms: bool = False
    device: str = "auto"

    def __post_init__(self):
        least = {
            "seed": 0,
            "batch_size": 1,
            "pretrain_steps": 0,
            "validation": 0,
            "steps": 1,
            "save_every": 1,
            "keep": 1,
            "sample_every": 1,
            "summary_every": 1,
        }
        for name, minimum in least.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise UserError(f"{_option(name)} must be an integer, not {value!r}")
            if value < minimum:
                raise UserError(
                    f"{_option(name)} must be at least {minimum}, not {value}"
                )
        if self.seed >= 2**31:
            raise UserError(f"--seed must be below 2**31, not {self.seed}")
        if self.sample_bn not in ("batch", "ema"):
            raise UserError(f"--sample-bn must be batch or ema, not {self.sample_bn!r}")

    @property
    def total_steps(self):
        """Global steps of the whole run, pre-training included."""
        return self.pretrain_steps + self.steps

    def to_json(self):
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


def from_json(text, source):
    """Reads a Config back. `source` names the file in error messages."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise UserError(
            f"{source} is not JSON ({error}); mend it or use --restart"
        ) from error
    known = {f.name: f for f in dataclasses.fields(Config)}
    if not isinstance(values, dict):
        raise UserError(
            f"{source} must hold a JSON object; use --restart to begin anew"
        )
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UserError(f"{source} has unknown settings: {', '.join(unknown)}")
    for name, value in values.items():
        if type(value) is not type(known[name].default):
            raise UserError(
                f"{source}: {name} must be a {type(known[name].default).__name__}, "
                f"not {value!r}"
            )
    return Config(**values)


def continued(saved, asked):
    """Returns the config of a restored run: what was saved, changed as asked.

    Args:
      saved: the run's Config.
      asked: dict of the settings given this time.

    Raises:
      UserError: a fixed setting differs.
    """
    differing = [
        f"{_option(f.name)} is {getattr(saved, f.name)!r} in the run, "
        f"{asked[f.name]!r} was asked for"
        for f in dataclasses.fields(Config)
        if f.metadata.get("fixed")
        and f.name in asked
        and asked[f.name] != getattr(saved, f.name)
    ]
    if differing:
        raise UserError(
            "cannot continue with other settings: "
            + "; ".join(differing)
            + "; leave them out, or use --restart to begin anew"
        )
    return dataclasses.replace(saved, **asked)


def _option(name):
    return "--" + name.replace("_", "-")
