"""The models that come with the project, where they are."""

from pathlib import Path

from dcgan_v1.errors import UserError
from dcgan_v1.systems import System

# beside the package in a checkout, and below the folder a user is in
PLACES = (Path(__file__).resolve().parents[1] / "pretrained", Path("pretrained"))
CLASSIFIER = "mnist_classifier"  # of digits
# what a model's images are and, on a second line, where, if not as its system has it
WORDS = "data.txt"


def folder() -> Path | None:
    """Returns the Path of pretrained/; None where there is none, as in a wheel."""
    return next((place for place in PLACES if place.is_dir()), None)


def path_of(name: str) -> Path:
    """Returns the Path of a pretrained model's folder.

    Raises:
      UserError: there is none of that name, or none at all.
    """
    where = folder()
    if where is None:
        other = "--classifier" if name == CLASSIFIER else "a checkpoint's path"
        raise UserError(
            "pretrained models are not part of an installed package: start in a clone "
            f"of the project, whose pretrained/ has {name}, or give {other}"
        )
    if name == CLASSIFIER:
        return where / name
    names = sorted(path.parent.name for path in where.glob("*/config.json"))
    if name not in names:
        there = f"are {', '.join(names)}" if names else "is none yet"
        raise UserError(f"no pretrained model {name!r} in {where}; there {there}")
    return where / name


def images_of(folder: Path, system: System, count: int) -> str:
    """Returns the text on the images that a model was trained on.

    Args:
      folder: the model's.
      system: of the model.
      count: how many images.
    """
    text = _texts(folder)[0] or system.words
    return text.replace("{count}", f"{count:,}".replace(",", " "))


def example_of(folder: Path, system: System) -> str:
    """Returns the --data that a model was trained on, as a card shows it; '' where it
    ships with the project."""
    return _texts(folder)[1] or system.example


def _texts(folder: Path) -> tuple[str, str]:
    words = folder / WORDS
    lines = words.read_text("utf-8").splitlines() if words.is_file() else []
    images, example, *_ = (*lines, "", "")
    return images, example
