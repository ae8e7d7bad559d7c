"""The models that come with the project, where they are."""

from pathlib import Path

from dcgan_v1.errors import UserError

# beside the package in a checkout, and below the folder a user is in
PLACES = (Path(__file__).resolve().parents[1] / "pretrained", Path("pretrained"))
CLASSIFIER = "mnist_classifier"  # the judge of digits
# what is said of a model's images and, on a second line, of where they are, where that
# is not what its system says
WORDS = "data.txt"


def folder():
    """Returns the Path of pretrained/; None where there is none, as in a wheel."""
    return next((place for place in PLACES if place.is_dir()), None)


def path_of(name):
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


def images_of(folder, system, count):
    """Returns what is said of the images that a model was trained on.

    Args:
      folder: Path of the model's folder.
      count: how many images.
    """
    text = _said(folder)[0] or system.words
    return text.replace("{count}", f"{count:,}".replace(",", " "))


def example_of(folder, system):
    """Returns the --data that a model was trained on, as a card shows it; '' where it
    ships with the project."""
    return _said(folder)[1] or system.example


def _said(folder):
    words = folder / WORDS
    lines = words.read_text("utf-8").splitlines() if words.is_file() else []
    return (*lines, "", "")[:2]
