"""What a user says of the two programs: where each is, and what belongs to it.

A file of the user's has a function for each side, which is called in a process of its
own and returns one of these:

    def old():
        return Tf1(meta="model.ckpt.meta", checkpoint="model.ckpt")

    def new():
        gan = my_gan.Gan()
        return Keras(
            models={"generator": gan.generator, "discriminator": gan.discriminator},
            optimizers={"d": gan.d_optimizer, "g": gan.g_optimizer},
            step=gan.train_step,
        )

Nothing here imports a framework.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tf1:
    """A TF1 program. One of the first five says where its graph is.

    Attributes:
      meta: path of a MetaGraphDef (`model.ckpt.meta`). Needs no Python code.
      function: builds the program in the default graph; what it returns is not used.
      saved_model: folder of a TF1 SavedModel.
      frozen: path of a GraphDef whose variables are constants: forward pass only.
      recording: folder that `scripts/run_legacy.py --record` or the recorder alone
        wrote: graph, weights, what each session call of a step was fed and drew.
      checkpoint: prefix of the values to start from; the graph's own initial values
        where it is left out.
      runs: what one training step is: lists of op names, each list one `Session.run`.
        Worked out from the graph where it is left out.
      training, inference: values of placeholders that say which mode it is, by name; a
        scalar bool placeholder is true in training and false in inference unasked.
      libraries: files that register ops the graph needs, `tf.load_op_library`'s.
      trust: let the graph hold ops that touch the machine (PyFunc, ReadFile and such).
    """

    meta: str | None = None
    function: Callable[..., object] | None = None
    saved_model: str | None = None
    frozen: str | None = None
    recording: str | None = None
    checkpoint: str | None = None
    runs: list[list[str]] | None = None
    training: dict[str, Any] = field(default_factory=dict)
    inference: dict[str, Any] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()
    trust: bool = False


@dataclass
class Keras:
    """A port made of Keras models or of tf.Modules.

    Attributes:
      models: name -> keras.Model or tf.Module. The names are prefixes of variables'.
      optimizers: name -> Keras optimiser; those of compiled models where left out.
      step: function of the named inputs that does one training step and returns its
        losses: a dict, a sequence or one of scalars. A compiled model's
        `train_on_batch` where left out; where there is neither, the forward pass alone
        is compared.
      forward: model -> names of the inputs it is called with in inference; worked out
        from the first step where left out.
    """

    models: dict[str, Any]
    optimizers: dict[str, Any] = field(default_factory=dict)
    step: Callable[..., object] | None = None
    forward: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # a method that is a tf.function does not keep its object alive
        plain = getattr(self.step, "python_function", None)
        bound = getattr(getattr(plain, "__wrapped__", None), "__self__", None)
        self._owner = getattr(bound, "target", bound)


@dataclass
class Recorded:
    """A port that `port_recorder` recorded.

    Attributes:
      folder: of its recording.
    """

    folder: str


@dataclass
class Torch:
    """A port made of torch.nn.Modules.

    Attributes: as `Keras` has them; a model may be bare tensors, too, in a list, a dict or alone:
    `models={"G": [w1, b1]}`. Inputs of rank 4 reach `step` as [N, C, H, W]; what
    `step` returns may be numbers or tensors.
    """

    models: dict[str, Any]
    optimizers: dict[str, Any] = field(default_factory=dict)
    step: Callable[..., object] | None = None
    forward: dict[str, list[str]] = field(default_factory=dict)
