"""The page as one file of HTML: it asks nobody for anything."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
from markupsafe import Markup

from dcgan_v1 import __version__
from dcgan_v1.explore import history
from dcgan_v1.systems import System

FOLDER = Path(__file__).parent
BATCH_NORM = "ema"  # images are drawn one at a time: a batch of one has no statistics
WORKER = ("multiply.js", "network.js")
SCRIPT = (
    "noise.js",
    "latents.js",
    "engine.js",
    "messages.js",
    "state.js",
    "grid.js",
    "picture.js",
    "address.js",
    "gif.js",
    "saving.js",
    "curves.js",
    "training.js",
    "app.js",
)
Packed = tuple[list[dict[str, Any]], bytes]  # layers and weights, see `packing`
WIDEST = {"normal": 3, "uniform": 1}  # truncation is off there


class Model(NamedTuple):
    """What the page is told of a model.

    Attributes:
      system: its `systems.System`.
      option: what names it on sample.py's command line.
      directions: [(name, unit vector [z_dim])].
      licence: of the weights, a sentence.
      has_judge: whether D says of each image how real it is.
      training: how the training went, where that is known.
    """

    system: System
    option: str
    directions: list[tuple[str, np.ndarray]]
    licence: str
    has_judge: bool = False
    training: history.History | None = None


def html(model: Model, packed: Packed | None = None, judge: Packed | None = None) -> str:
    """Returns the page, a string.

    Args:
      model: what it is told.
      packed: (layers, bytes) of `packing.pack`, to be computed by the browser; None for
        a page that asks the process it comes from.
      judge: the same of the discriminator, where there is one.
    """
    system = model.system
    description: dict[str, Any] = {
        "system": system.name,
        "noise": system.noise,
        "z_dim": system.z_dim,
        "bn": BATCH_NORM,
        "shape": system.image_shape,
        "range": system.image_range,
        "option": model.option,
        "directions": [
            {"name": name, "vector": vector.tolist()} for name, vector in model.directions
        ],
        "has_judge": model.has_judge,
        "training": history.as_json(model.training) if model.training else None,
    }
    weights = judge_weights = b""
    if packed:
        description["layers"], weights = packed
    if judge:
        description["judge"], judge_weights = judge
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["j2"]),
        trim_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        model=description,
        model_json=_plain(json.dumps(description).replace("<", "\\u003c")),
        style=_plain(_text("style.css")),
        worker=_plain("\n".join(map(_text, WORKER))),
        script=_plain("\n".join(map(_text, SCRIPT))),
        weights=base64.b64encode(weights).decode(),
        judge_weights=base64.b64encode(judge_weights).decode(),
        widest=WIDEST[system.noise],
        live=packed is None,
        version=__version__,
        licence=model.licence,
    )


def _text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _plain(text: str) -> Markup:
    """Text that is left as it is: it is not HTML."""
    return Markup(text)
