"""One frozen config for a run: JSON out, checked when it is made.

What is `fixed` decides which numbers a run computes and never changes again. Systems
have defaults of their own (see `systems`).
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Self

from dcgan_v1.config.setting import check, fixed, setting


@dataclass(frozen=True)
class Config:
    """Settings of any run."""

    model: str = fixed("")  # name of the system
    seed: int = fixed(
        0, "of everything random: initial values, data order, noise", least=0, below=2**31
    )
    batch_size: int = fixed(50, "images per step", least=1)
    pretrain_steps: int = fixed(0, "steps of D alone at the beginning", least=0)
    data_sha256: str = fixed("")  # of the training images, or of their list
    start: str = fixed("")  # the checkpoint this run began from, if any
    deterministic: bool = fixed(False, "the same bits whatever the number of cores")

    precision: str = fixed(
        "float32",
        "what products are computed in; weights, moments and averages are float32 always. mixed: "
        "bfloat16; mixed_float16: float16 with loss scaling",
        choices=("float32", "mixed", "mixed_float16"),
    )

    d_learning_rate: float = fixed(2e-4, "of D's Adams", least=0.0, below=1.0)
    g_learning_rate: float = fixed(2e-4, "of G's Adam", least=0.0, below=1.0)
    beta1: float = fixed(0.5, "of all Adams", least=0.0, below=1.0)
    label_smoothing: float = fixed(
        0.0, "train D to say 1 minus this of real images", least=0.0, below=0.5
    )
    ema_decay: float = fixed(
        0.0,
        "keep a moving average of G's weights, from which samples are drawn; this much "
        "is kept each step, 0: no average",
        least=0.0,
        below=1.0,
    )

    bn: str = fixed(
        "joined",
        "batch norm of several workers: by the moments of the whole batch, or each by "
        "those of its own share",
        choices=("joined", "local"),
    )

    steps: int = setting(100_000, "steps of D and G, after pre-training", least=1)
    save_every: int = setting(1000, "steps between checkpoints", least=1)
    save_minutes: int = setting(10, "a checkpoint at least so often; 0: by steps alone", least=0)
    keep: int = setting(5, "newest checkpoints kept", least=1)
    sample_every: int = setting(100, "steps between sample grids", least=1)
    summary_every: int = setting(10, "steps between lines in metrics.csv and TensorBoard", least=1)
    sample_bn: str = setting(
        "batch",
        "batch norm of the samples: statistics of the batch itself, or moving averages",
        choices=("batch", "ema"),
    )
    samples: int = fixed(64, "images of a sample grid", least=1)
    histograms: bool = setting(False, "histograms of the weights in TensorBoard")

    device: str = setting(
        "auto", "auto takes a GPU where there is one", choices=("auto", "cpu", "gpu")
    )

    networks_only: bool = fixed(
        False,
        "with --restore PATH: take what that checkpoint has of the two networks, and "
        "start all else afresh",
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            check(field, getattr(self, field.name))

    @property
    def total_steps(self) -> int:
        """Global steps of the whole run, pre-training included."""
        return self.pretrain_steps + self.steps

    def in_steps(self, epoch_steps: int) -> Self:
        """Returns this config with what is given in epochs turned into steps."""
        del epoch_steps
        return self

    def fixed_settings(self) -> dict[str, Any]:
        """Returns the settings that decide which numbers a run computes, by name."""
        names = [f.name for f in dataclasses.fields(self) if f.metadata["fixed"]]
        return {name: getattr(self, name) for name in sorted(names)}

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


def _by_epochs(name: str) -> Any:
    """A count of steps that is 0 where epochs give it."""
    (field,) = (f for f in dataclasses.fields(Config) if f.name == name)
    return dataclasses.field(default=0, metadata={**field.metadata, "least": 0})


@dataclass(frozen=True)
class EpochConfig(Config):
    """Settings of a system whose source counts epochs. 0 steps: as the epochs say."""

    epochs: int = setting(50, "how often each image is seen", least=1)
    sample_epochs: int = setting(1, "epochs between sample grids", least=1)
    save_epochs: int = setting(1, "epochs between checkpoints", least=1)
    steps: int = _by_epochs("steps")
    sample_every: int = _by_epochs("sample_every")
    save_every: int = _by_epochs("save_every")

    def in_steps(self, epoch_steps: int) -> Self:
        return dataclasses.replace(
            self,
            steps=self.steps or self.epochs * epoch_steps,
            sample_every=self.sample_every or self.sample_epochs * epoch_steps,
            save_every=self.save_every or self.save_epochs * epoch_steps,
        )


COUNTED_TWICE = {  # a setting in epochs -> the one in steps that takes its place
    "epochs": "steps",
    "sample_epochs": "sample_every",
    "save_epochs": "save_every",
}


@dataclass(frozen=True)
class StartSettings:
    """What a system adds whose source starts from odd initial values."""

    init: str = fixed(
        "paper", "initial values: the paper's, or the source's", choices=("paper", "source")
    )
