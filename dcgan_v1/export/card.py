"""The card of an exported model: what goes in, what comes out, how it is loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import jinja2

from dcgan_v1 import __version__, export, systems
from dcgan_v1.checkpoints.checkpoint import Checkpoint
from dcgan_v1.config import Config, config_json
from dcgan_v1.errors import UserError
from dcgan_v1.export.exporting import RoundTrip
from dcgan_v1.files import checksum
from dcgan_v1.pretrained import images_of
from dcgan_v1.systems import System

CODE = "the code: MIT"
NOISE = {
    "normal": ("standard normal", "np.random.default_rng(0).normal(size=(64, {}))"),
    "uniform": ("uniform in [-1, 1)", "np.random.default_rng(0).uniform(-1, 1, (64, {}))"),
}
BATCH_NORM = {
    "ema": "by its moving averages: an image does not depend on the others",
    "batch": "by the batch: an image depends on the others it is drawn with",
}


def text(
    folder: Path,
    checkpoint: Checkpoint,
    checks: Sequence[RoundTrip],
    *,
    to: str,
    source: str,
    label: str,
    bn: str,
    latest: bool,
    grid: str,
) -> str:
    """Returns the card of a folder that holds all else.

    Args:
      folder: of the exported files.
      checkpoint: the model's.
      checks: the round trips of its files.
      to: the format; bn: how batch norm goes, 'ema' or 'batch'.
      source: the path where the checkpoint was found; label: how to call it.
      latest: whether G's weights are those of the step, averages or not.
      grid: name of the picture in the folder.
    """
    system = systems.get(checkpoint.model)
    noise, draw = NOISE[system.noise]
    module = export.get(to)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("card.md.j2").render(
        system=system,
        title=module.TITLE,
        draws=len(checks[0].y),
        grid=grid,
        first=checks[0].file,
        source=label,
        checkpoint=Path(checkpoint.prefix).name,
        weights="the averages of its generator's weights"
        if checkpoint.is_averaged and not latest
        else "its generator's weights as they are",
        noise=noise,
        draw=draw.format(system.z_dim) + ".astype(np.float32)",
        shape=system.image_shape,
        note=module.NOTE,
        low=system.image_range[0],
        high=system.image_range[1],
        discriminator=any(check.network == "discriminator" for check in checks),
        batch_norm=BATCH_NORM[bn],
        licence=f"{CODE}; the weights: {weights_licence(Path(source), system)}",
        version=__version__,
        checks=checks,
        files=checksums(folder),
    )


def weights_licence(source: Path, system: System) -> str:
    """Returns whose images a model was trained on, as far as it is known.

    Args:
      source: where its checkpoint lies.
    """
    config = _config(source, system)
    folder = source if source.is_dir() else source.parent
    figures = folder / "figures.json"
    if config and figures.is_file() and (folder / "model.index").is_file():
        # one of pretrained/, or its checkpoint
        count = json.loads(figures.read_text())["training_images"]
        return f"trained on {images_of(folder, system, count)}"
    data = getattr(config, "data", getattr(config, "data_dir", None))
    if data == "" and system.data == "digits":
        return f"trained on {system.words.replace('{count} ', '')}"
    if data == "synthetic":
        return "trained on faces drawn by the project, MIT"
    if data:
        return f"subject to the licence of the training images (`{Path(data).name}`)"
    return "subject to the licence of the training images, which are not known here"


def _config(source: Path, system: System) -> Config | None:
    """The config of the run that a checkpoint is of; None where what lies there is of
    something else."""
    try:
        config = config_json.saved_config(source)
    except UserError:
        return None
    return config if config and config.model == system.name else None


def checksums(folder: Path) -> dict[str, tuple[int, str]]:
    """Returns relative path -> (bytes, SHA-256) of every file in a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, checksum(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
