"""A checkpoint, found by a path and looked at once, to be handed on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1 import systems
from dcgan_v1.checkpoints import finding, original_names, reading
from dcgan_v1.config import Config
from dcgan_v1.errors import UserError
from dcgan_v1.nn.averaging import is_average


@dataclass(frozen=True)
class Checkpoint:
    """What is known of a checkpoint without reading its arrays.

    Attributes:
      prefix: its path, without the endings of its files.
      shapes, dtypes: of every array, by the name it has in the checkpoint.
      model: the system whose networks it holds, '' where they are of none.
      is_original: whether the system's original script wrote it, in its own names.
      width: channels of the networks' widest layer, 0 where the system has no such
        setting, or the layer is missing.
      notes: what a user should know of how it was found.
    """

    prefix: str
    shapes: dict[str, list[int]]
    dtypes: dict[str, tf.DType]
    model: str
    is_original: bool
    width: int
    notes: tuple[str, ...] = ()

    @property
    def config(self) -> Config:
        """A config, otherwise of defaults, that fits its networks.

        Raises:
          UserError: they are of none of our systems.
        """
        system = systems.SYSTEMS.get(self.model)
        if system is None or (system.width_of and not self.width):
            raise UserError(
                f"checkpoint {self.prefix} holds the networks of none of our systems "
                f"({', '.join(systems.SYSTEMS)})"
            )
        settings: dict[str, Any] = {"width": self.width} if self.width else {}
        return system.config(**settings)

    @property
    def is_averaged(self) -> bool:
        """Whether it holds moving averages of the generator's weights."""
        return any(map(is_average, self.shapes))


def open_checkpoint(
    source: Checkpoint | str | Path, say: Callable[[str], None] | None = None
) -> Checkpoint:
    """Finds a checkpoint and looks into it.

    Args:
      source: a path, see `finding.resolve`; or a checkpoint, which is returned.
      say: gets the notes, one by one; without it the checkpoint keeps them.

    Raises:
      UserError: there is none, or it is damaged.
    """
    if isinstance(source, Checkpoint):
        return source
    notes: list[str] = []
    prefix = finding.resolve(source, say or notes.append)
    with reading.opened(prefix) as reader:
        shapes = reader.get_variable_to_shape_map()
        dtypes = reader.get_variable_to_dtype_map()
    model = model_of(shapes)
    is_original = not shapes.keys().isdisjoint(original_names.variables(model).values())
    width = _width(model, shapes)
    return Checkpoint(prefix, shapes, dtypes, model, is_original, width, tuple(notes))


def model_of(names: Iterable[str]) -> str:
    """Returns the system that variables of a checkpoint belong to, '' if to none."""
    names = set(names)
    for model in systems.SYSTEMS:
        is_ours = any(name.startswith(f"{model}/") for name in names)
        if is_ours or not names.isdisjoint(original_names.variables(model).values()):
            return model
    return ""


def _width(model: str, shapes: dict[str, list[int]]) -> int:
    """Returns the last dimension of the variable that a system names for it, or 0."""
    layer = systems.get(model).width_of if model else ""
    for name in (f"{model}/{layer}", original_names.variables(model).get(layer)):
        if layer and name in shapes and len(shapes[name]) == 4:
            return shapes[name][3]
    return 0
