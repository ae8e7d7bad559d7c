"""The frameworks that ports are written in."""

from collections.abc import Callable
from dataclasses import dataclass

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import layer_norms as keras_layer_norms
from dcgan_v1.porting.keras import networks as keras_networks
from dcgan_v1.porting.keras import norms as keras_norms
from dcgan_v1.porting.keras import training as keras_training
from dcgan_v1.porting.tf2 import networks as tf2_networks
from dcgan_v1.porting.tf2 import training as tf2_training
from dcgan_v1.porting.torch import layer_norms as torch_layer_norms
from dcgan_v1.porting.torch import networks as torch_networks
from dcgan_v1.porting.torch import norms as torch_norms
from dcgan_v1.porting.torch import training as torch_training

IsOwn = Callable[[d.Program, d.Network, d.Node], bool]


@dataclass(frozen=True)
class Target:
    """A framework that ports are written in.

    Attributes:
      networks, training: print those files; own_layers: name -> definition of what the framework
        lacks, for own_layers.py.
      paths: of a network's variables: TF1's name -> path in the port.
      construction: lines that make the networks; its second argument stands before their names.
      kind: what the port is to a comparison.
      imports: what `construction` needs beside the networks.
      takes_dtype: whether the port must be told what it computes in.
      has_norm, has_layer_norm: whether a batch norm, or a layer norm, is the framework's own
        layer, and no class of the port's.
    """

    networks: Callable[[d.Program], str]
    training: Callable[[d.Program], str]
    own_layers: Callable[[d.Program], dict[str, str]]
    paths: Callable[[d.Program, d.Network], dict[str, str]]
    construction: Callable[[d.Program, str], list[str]]
    kind: str = "Keras"
    imports: str = ""
    takes_dtype: bool = False
    has_norm: IsOwn = lambda program, network, node: False
    has_layer_norm: IsOwn = lambda program, network, node: False


TARGETS = {
    "keras": Target(
        keras_networks.text,
        keras_training.text,
        keras_networks.own_layers,
        keras_networks.paths,
        keras_training.construction,
        has_norm=keras_norms.is_own,
        has_layer_norm=keras_layer_norms.is_own,
        imports="import keras\nimport tensorflow as tf",
    ),
    "torch": Target(
        torch_networks.text,
        torch_training.text,
        torch_networks.own_layers,
        torch_networks.paths,
        torch_training.construction,
        "Torch",
        has_norm=torch_norms.is_own,
        has_layer_norm=torch_layer_norms.is_own,
    ),
    "tf2": Target(
        tf2_networks.text,
        tf2_training.text,
        tf2_networks.own_layers,
        tf2_networks.paths,
        tf2_training.construction,
        takes_dtype=True,
    ),
}
