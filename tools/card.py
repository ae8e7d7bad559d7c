"""The card of a pretrained model: what it is, how it was made, how good it is."""

import csv
import dataclasses
import json
import statistics
from pathlib import Path
from typing import Any

import jinja2

from dcgan_v1 import systems
from dcgan_v1.config import Config
from dcgan_v1.config.setting import option
from dcgan_v1.errors import UserError
from dcgan_v1.pretrained import example_of, images_of

NOT_ITS_OWN = {"model", "data_sha256", "start", "data", "data_dir", "device", "cache"}
FEATURES = {
    "classifier": "The Fréchet distance is that of 128 features of the project's own "
    "classifier (`pretrained/mnist_classifier`), samples against training images; the "
    "other real images are the test set. It cannot be compared with a distance by other features.",
    "random features": "Samples are measured against one half of the images, the "
    "other real images being the other half. The random features are those of a "
    "network that was never trained: their Fréchet distance is no Fréchet Inception "
    "Distance, cannot be compared with a distance by other features, and here prefers the blurred "
    "faces of the first epochs. The sliced Wasserstein distances (SWD) do not.",
}


def command(config: Config, example: str) -> str:
    """Returns the command line that gives a config, its data being where `example`
    says."""
    system = systems.get(config.model)
    words = ["python", "scripts/train.py", "--model", system.name]
    words += ["--data", example] if example else []
    for setting in dataclasses.fields(config):
        value = getattr(config, setting.name)
        if setting.name in NOT_ITS_OWN or value == setting.default:
            continue
        name = option(setting.name)
        words += [name] if value is True else [name, str(value)]
    return " ".join(words)


def published(config: Config, training_images: int) -> Config:
    """Returns a config without what belongs to the machine it was trained on, but with
    the number of its images, if there are more where they come from."""
    default = systems.get(config.model).config()
    own: dict[str, Any] = {
        name: getattr(default, name)
        for name in ("data", "data_dir", "device", "start")
        if hasattr(config, name)
    }
    if hasattr(config, "limit"):
        own["limit"] = training_images
    return dataclasses.replace(config, **own)


def text(folder: Path, config: Config, *, step: int, time: str) -> str:
    """Returns the card of a folder that holds all else.

    Args:
      folder: with the model, figures.json (evaluate.py's), curve.csv
        (quality_curve.py's) and, if the system was measured against its counterpart,
        against_tf2.json (benchmarks/tf2_quality.py's).
      config: as published.
      step: of the checkpoint.
      time: how long training took and on what, in words.
    """
    from dcgan_v1.metrics.image_metrics import shown  # loads TensorFlow

    system = systems.get(config.model)
    example = example_of(folder, system)
    report = json.loads((folder / "figures.json").read_text())
    against_tf2 = folder / "against_tf2.json"
    with (folder / "curve.csv").open() as file:
        (_, measured), *lines = csv.reader(file)
    distances = {int(at): float(value) for at, value in lines if at.isdigit()}
    if step not in distances:
        raise UserError(f"the curve has no step {step}: it is of another run")
    count, figures = report["training_images"], report["figures"]
    rows = [
        (name, [shown(figures[k][name]) for k in ("samples", "real", "untrained")])
        for name in figures["samples"]
    ]
    template = Path(__file__).with_name("card.md.j2").read_text("utf-8")
    rendered = jinja2.Template(template, trim_blocks=True).render(
        config=config,
        step=step,
        averaged=config.ema_decay > 0,
        data=images_of(folder, system, count),
        epochs=step * config.batch_size / count,
        time=time,
        megabytes=sum(path.stat().st_size for path in folder.glob("model.*")) / 1e6,
        command=command(config, example),
        n=report["n"],
        options=(f" --seed {report['seed']}" if report["seed"] else "")
        + (f" --data {example}" if example else ""),
        figures=rows,
        features=FEATURES[system.features],
        measured=measured,
        choice=_choice(config, step, distances),
        against_tf2=json.loads(against_tf2.read_text()) if against_tf2.exists() else "",
        mean=statistics.mean,
        spread=statistics.stdev,
    )
    return rendered.rstrip() + "\n"


def _choice(config: Config, step: int, distances: dict[int, float]) -> str:
    """Returns a sentence on why a step was taken, and whether more was to come."""
    best = min(distances, key=lambda at: distances[at])
    why = f"step {best} was the best"
    if best != step:
        why += f", step {step} was taken"
    if step == max(distances):
        why += "; it is also the last, so that more steps might have been better"
    if max(distances) < config.total_steps:
        why += f" (the run was stopped before its {config.total_steps} steps)"
    return why
