"""The systems: what the project knows of each without TensorFlow.

A system is its entry here and its networks in `models/`, in a file of its name, which
is also their root variable scope.
"""

from dataclasses import dataclass, field

from dcgan_v1.config import (
    Config,
    DigitSettings,
    EpochConfig,
    ImageSettings,
    StartSettings,
    ValidationSettings,
)
from dcgan_v1.config.setting import with_defaults

MNIST_WORDS = (
    "the {count} training images of MNIST (Yann LeCun, Corinna Cortes, Christopher "
    "Burges; CC BY-SA 3.0)"
)
CELEBA_WORDS = (
    "the first {count} aligned images of CelebA (Liu et al. 2015), cut to the centre "
    "108 of 178 pixels of width and scaled to 64x64. They are for non-commercial "
    "research only and do not come with the project; use this model for no more than "
    "that"
)
ANY_WORDS = "{count} images of the folder that the run was given"


@dataclass(frozen=True)
class System:
    """One system.

    Attributes:
      name: the registry's, and the root variable scope.
      config: class of its settings.
      image_shape: (height, width, channels); image_range: what the generator's last
        activation can give.
      noise: 'normal' or 'uniform' in [-1, 1); z_dim: how many numbers of it an image.
      streams: names of the latents that a step draws.
      noise_follows_batch: whether a smaller last batch meets as many fakes as images.
      last_batch: an epoch's incomplete last batch is 'filled' up from the next one,
        taken 'smaller' or 'dropped'.
      masks: stream -> shape of the dropout mask of one example; dropout: their rate.
      simultaneous: both networks are updated at once, so that no order can be wrong.
      width_of: the variable whose last dimension is the setting `width`, '' for none.
      maps: layer -> side of the feature maps that a dense layer makes or takes.
      data: 'digits' in MNIST's format, 'images' of a folder, or 'faces': images, of which
        those of CelebA are looked for.
      features: of what samples are compared: the 'classifier' or 'random features'.
      words: what its card says of its training images.
      example: data to train on, for a command line on a card; '' where it ships.
      faithful: the settings with which it trains as its source did, where others are
        the default.
      counterparts: framework -> module of the system as its users would write it.
    """

    name: str
    config: type[Config]
    image_shape: tuple[int, int, int] = (28, 28, 1)
    image_range: tuple[float, float] = (-1.0, 1.0)
    noise: str = "normal"
    z_dim: int = 100
    streams: tuple[str, ...] = ("z",)
    noise_follows_batch: bool = False
    last_batch: str = "smaller"
    masks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    dropout: float = 0.0
    simultaneous: bool = False
    width_of: str = ""
    maps: dict[str, int] = field(default_factory=dict)
    data: str = "digits"
    features: str = "classifier"
    words: str = MNIST_WORDS
    example: str = ""
    faithful: dict[str, str] = field(default_factory=dict)
    counterparts: dict[str, str] = field(default_factory=dict)


def masks(*purposes: str) -> dict[str, tuple[int, ...]]:
    """The masks of a D on digits with a dropout after each of two convolutions."""
    return {
        f"keep_{purpose}{layer}": shape
        for purpose in purposes
        for layer, shape in ((1, (14, 14, 64)), (2, (7, 7, 128)))
    }


def ports(name: str, *frameworks: str) -> dict[str, str]:
    """The counterparts that lie in `ports/`."""
    return {f: f"dcgan_v1.ports.{f}_{name}" for f in frameworks}


@with_defaults(
    model="mnist_beginners",
    pretrain_steps=300,
    d_learning_rate=3e-4,
    g_learning_rate=1e-4,
    beta1=0.9,
)
class MnistBeginnersConfig(DigitSettings, ValidationSettings, Config):
    """Settings of mnist_beginners."""


MNIST_BEGINNERS = System(
    "mnist_beginners",
    MnistBeginnersConfig,
    image_range=(0.0, 1.0),
    streams=("z_discriminator", "z_generator"),  # each update draws its own
    last_batch="filled",
    counterparts=ports("mnist_beginners", "tf2"),
)


@with_defaults(
    model="celeba64",
    steps=10_000,
    batch_size=16,
    width=128,
    crop="108",
    resize="area",
    sample_bn="ema",
)
class Celeba64Config(ImageSettings, StartSettings, Config):
    """Settings of celeba64."""


CELEBA64 = System(
    "celeba64",
    Celeba64Config,
    image_shape=(64, 64, 3),
    noise="uniform",
    last_batch="dropped",
    width_of="generator/deconv4/w",
    maps={"generator/linear0": 4, "discriminator/linear4": 4},
    data="faces",
    features="random features",
    words=CELEBA_WORDS,
    example="img_align_celeba.zip",
    faithful={"init": "source", "crop": "none", "resize": "nearest", "order": "file"},
    counterparts=ports("celeba64", "tf2", "torch"),
)


@with_defaults(model="mnist_keras", batch_size=128, samples=16, sample_bn="ema")
class MnistKerasConfig(DigitSettings, StartSettings, EpochConfig):
    """Settings of mnist_keras."""


MNIST_KERAS = System(
    "mnist_keras",
    MnistKerasConfig,
    streams=("z_discriminator", "z_generator"),  # each update draws its own
    noise_follows_batch=True,
    masks=masks("real", "fake", "new_fake"),
    dropout=0.3,
    counterparts=ports("mnist_keras", "tf2", "keras"),
)


@with_defaults(
    model="mnist_tutorial",
    batch_size=256,
    d_learning_rate=1e-4,
    g_learning_rate=1e-4,
    beta1=0.9,
    samples=16,
    save_epochs=15,
    sample_bn="ema",
)
class MnistTutorialConfig(DigitSettings, EpochConfig):
    """Settings of mnist_tutorial."""


MNIST_TUTORIAL = System(
    "mnist_tutorial",
    MnistTutorialConfig,
    masks=masks("real", "fake"),
    dropout=0.3,
    simultaneous=True,
    counterparts=ports("mnist_tutorial", "tf2"),
)


@with_defaults(model="images96", batch_size=64, epochs=400)
class Images96Config(ImageSettings, EpochConfig):
    """Settings of images96."""


IMAGES96 = System(
    "images96",
    Images96Config,
    image_shape=(96, 96, 3),
    last_batch="dropped",
    width_of="generator/deconv5/w",
    data="images",
    features="random features",
    words=ANY_WORDS,
    example="my_photos",
    counterparts=ports("images96", "tf2", "torch"),
)

ImageConfig = Celeba64Config | Images96Config  # those of ImageSettings

SYSTEMS = {
    system.name: system
    for system in (MNIST_BEGINNERS, CELEBA64, MNIST_KERAS, MNIST_TUTORIAL, IMAGES96)
}
FRAMEWORKS = tuple(dict.fromkeys(f for s in SYSTEMS.values() for f in s.counterparts))


def get(name: str) -> System:
    """Returns the System of a name."""
    if name not in SYSTEMS:
        raise ValueError(f"unknown model {name!r}; one of {', '.join(SYSTEMS)}")
    return SYSTEMS[name]


def with_counterpart(framework: str) -> list[str]:
    """Returns the names of the systems that have a counterpart in a framework."""
    return [name for name, s in SYSTEMS.items() if framework in s.counterparts]
