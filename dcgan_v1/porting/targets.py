"""The frameworks that ports are written in."""

from collections.abc import Callable
from dataclasses import dataclass

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import networks as keras_networks
from dcgan_v1.porting.keras import training as keras_training
from dcgan_v1.porting.tf2 import networks as tf2_networks
from dcgan_v1.porting.tf2 import training as tf2_training
from dcgan_v1.porting.torch import networks as torch_networks
from dcgan_v1.porting.torch import training as torch_training


@dataclass(frozen=True)
class Target:
    """A framework that ports are written in.

    Attributes:
      networks, training: print those files.
      paths: of a network's variables: TF1's name -> path in the port.
      construction: lines that make the networks; its second argument stands before their names.
      kind: what the port is to a comparison.
      imports: what `construction` needs beside the networks.
      takes_dtype: whether the port must be told what it computes in.
    """

    networks: Callable[[d.Program], str]
    training: Callable[[d.Program], str]
    paths: Callable[[d.Program, d.Network], dict[str, str]]
    construction: Callable[[d.Program, str], list[str]]
    kind: str = "Keras"
    imports: str = ""
    takes_dtype: bool = False


TARGETS = {
    "keras": Target(
        keras_networks.text,
        keras_training.text,
        keras_networks.paths,
        keras_training.construction,
        imports="import keras\nimport tensorflow as tf",
    ),
    "torch": Target(
        torch_networks.text,
        torch_training.text,
        torch_networks.paths,
        torch_training.construction,
        "Torch",
    ),
    "tf2": Target(
        tf2_networks.text,
        tf2_training.text,
        tf2_networks.paths,
        tf2_training.construction,
        takes_dtype=True,
    ),
}
