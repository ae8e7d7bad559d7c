"""The two heaps: what is written otherwise, and what is planted."""

from dataclasses import dataclass, field
from importlib import import_module

BLACK = "black"  # images with rows of exact zeros


@dataclass(frozen=True)
class Program:
    """A function of a module of this package, with its options: called where frameworks are
    loaded, for this module loads none."""

    module: str
    function: str
    options: dict[str, object] = field(default_factory=dict)

    def __call__(self):
        function = getattr(import_module(f"heaps.{self.module}"), self.function)
        return function(**self.options)


@dataclass(frozen=True)
class Pair:
    """A TF1 program and a port.

    Attributes:
      name: what sets them apart.
      old: builds the TF1 graph; new: makes the port.
      causes: for each planted fault, words of its finding; none where they are equal.
      accept: names of causes that are accepted.
      images: '' or BLACK.
    """

    name: str
    old: Program
    new: Program
    causes: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    images: str = ""

    @property
    def port(self) -> str:
        """The port's framework."""
        return "PyTorch" if self.new.module == "torch_ports" else "Keras"


def _d(**options):
    return Program("tf1_programs", "classifier", options)


def _torch(**options):
    return Program("torch_ports", "classifier", options)


def _keras(**options):
    return Program("keras_ports", "classifier", options)


def _gan(**options):
    return Program("tf1_programs", "gan", options)


def _torch_gan(**options):
    return Program("torch_ports", "gan", options)


def _keras_gan(**options):
    return Program("keras_ports", "gan", options)


EQUAL = [
    # ---- where the network ends and the loss begins ----
    Pair("logits in TF1, a sigmoid and BCE in the port", _d(), _torch(ends_in="probability")),
    Pair("logits in TF1, a sigmoid and BCE by hand in the port", _d(), _keras(probability=True)),
    Pair("probabilities and logs by hand in TF1, logits in the port", _d(loss="by hand"), _torch()),
    Pair("probabilities by hand in TF1, from_logits in the port", _d(loss="by hand"), _keras()),
    Pair("1 - sigmoid(-x) in TF1", _d(loss="1 - sigmoid(-x)"), _torch()),
    Pair("1 - sigmoid(-x) in the port", _d(), _torch(loss="1 - sigmoid(-x)")),
    Pair("BCE by hand with epsilon 0 in the port", _d(), _torch(loss="by hand")),
    Pair("softplus for the cross entropy", _d(loss="softplus", label=0.9), _torch(label=0.9)),
    Pair("a softmax over two logits in TF1", _d(loss="two logits"), _torch()),
    Pair(
        "a softmax over two logits in the port", _d(label=0.0), _torch(loss="two logits", label=0.0)
    ),
    Pair("smoothed labels by hand in TF1", _d(loss="by hand", label=0.9), _keras(label=0.9)),
    # ---- sums and means ----
    Pair("a sum over the batch divided by N", _d(reduction="sum over N"), _torch()),
    Pair("a sum in the port, its rate divided by N", _d(), _torch(reduction="sum", rate=0.1 / 6)),
    Pair(
        "a sum in TF1, its rate divided by N, with momentum",
        _d(reduction="sum", rate=0.1 / 6, optimizer="momentum"),
        _torch(optimizer_name="momentum"),
    ),
    Pair("half the loss in the port, twice the rate", _d(), _keras(weight=0.5, rate=0.2)),
    # ---- layers ----
    Pair("tf.layers in TF1", _d(library="layers"), _torch()),
    Pair("tf.layers in TF1, a Keras port", _d(library="layers"), _keras()),
    Pair("tf.contrib.layers in TF1", _d(library="contrib"), _torch()),
    Pair("tf.contrib.layers in TF1, a Keras port", _d(library="contrib"), _keras()),
    Pair("a tf.Module of bare variables", _d(), _keras(form="module")),
    Pair("a torch module of plain parameters", _d(), _torch(form="leaf")),
    Pair("bare tensors and functions of torch", _d(), _torch(form="tensors")),
    Pair("maximum(x, 0.2 x) in TF1", _d(activation="maximum"), _torch(activation="module")),
    Pair("0.6 x + 0.4 abs(x) in TF1", _d(activation="absolute"), _torch()),
    Pair("maximum(x, 0.2 x) in the port", _d(), _torch(activation="maximum")),
    Pair("maximum(x, 0.2 x) in TF1, a Keras port", _d(activation="maximum"), _keras()),
    Pair(
        "tanh as 2 sigmoid(2 x) - 1 in TF1",
        _d(activation="tanh by sigmoid"),
        _torch(activation="tanh"),
    ),
    Pair("ELU", _d(activation="elu"), _keras(activation="elu")),
    # ---- batch norm ----
    Pair(
        "a bias ahead of batch norm in TF1, none in the port",
        _d(norm="fused"),
        _torch(kind="fused", bias=False),
    ),
    Pair(
        "a bias ahead of batch norm in the port, none in TF1",
        _d(norm="fused", bias=False),
        _torch(kind="fused"),
    ),
    Pair(
        "a bias ahead of batch norm in TF1, none in the port, Adam",
        _d(norm="moments", optimizer="adam", rate=0.01),
        _keras(kind="moments", bias=False, optimizer_name="adam", rate=0.01),
    ),
    Pair("a bias ahead of batch norm in both", _d(norm="fused"), _torch(kind="fused")),
    Pair("batch norm by hand in TF1", _d(norm="moments"), _keras(kind="moments")),
    Pair(
        "batch norm of tf.layers",
        _d(norm="layers", library="layers", bias=False),
        _torch(kind="fused", bias=False),
    ),
    Pair(
        "batch norm of tf.contrib.layers",
        _d(norm="contrib", library="contrib", bias=False),
        _keras(kind="fused", bias=False),
    ),
    Pair("moments alone in both", _d(norm="no averages"), _torch(kind="no averages")),
    Pair(
        "moments alone in TF1, averages in the port (accepted)",
        _d(norm="no averages"),
        _keras(kind="moments"),
        accept=("port-only-averages",),
    ),
    # ---- the order of axes ----
    Pair("flattened pixel by pixel in both", _d(), _torch(flatten="pixels last")),
    Pair("flattened channels first in the port", _d(), _torch(flatten="channels first")),
    Pair("flattened channels first in TF1", _d(flatten="channels first"), _torch()),
    Pair("flattened channels first in TF1, a Keras port", _d(flatten="channels first"), _keras()),
    Pair("flattened channels first in a Keras port", _d(), _keras(flatten="channels first")),
    Pair("images fed flat, reshaped in both", _d(flat=True), _torch(flat=True)),
    Pair("transposed to NCHW and back in TF1", _d(transposes=True), _keras()),
    # ---- optimisers ----
    Pair("gradients by tf.gradients, applied by hand", _d(applied="by hand"), _torch()),
    Pair(
        "L2 in TF1's loss, weight_decay in the port",
        _d(l2=0.05),
        _torch(optimizer_name="sgd decay"),
    ),
    Pair("L2 in both losses", _d(l2=0.05), _keras(l2=0.05)),
    Pair("momentum", _d(optimizer="momentum"), _keras(optimizer_name="momentum")),
    Pair("Adam of TF1 and of Keras", _d(optimizer="adam"), _keras(optimizer_name="adam")),
    Pair(
        "Adam's epsilon after the bias correction (accepted)",
        _d(optimizer="adam"),
        _torch(optimizer_name="adam"),
        accept=("adam-epsilon-place",),
    ),
    # ---- steps of a GAN ----
    Pair("a GAN, D's loss cut off by detach", _gan(), _torch_gan()),
    Pair("a GAN in Keras", _gan(), _keras_gan()),
    Pair(
        "a GAN: probabilities by hand in TF1, BCE in the port",
        _gan(loss="by hand"),
        _torch_gan(loss="probability"),
    ),
    Pair(
        "a concatenated batch in TF1, two calls of D in the port",
        _gan(calls="concatenated"),
        _torch_gan(),
    ),
    Pair(
        "two calls of D in TF1, a concatenated batch in the port",
        _gan(),
        _torch_gan(calls="concatenated"),
    ),
    Pair(
        "a concatenated batch in TF1, two calls in Keras", _gan(calls="concatenated"), _keras_gan()
    ),
    Pair(
        "the mean over both halves in TF1, half their sum in the port",
        _gan(averaged=True),
        _torch_gan(averaged=True),
    ),
    Pair("D's halves backwards one after the other", _gan(), _torch_gan(backwards=2)),
    Pair("D's halves' gradients added in TF1", _gan(one_by_one=True), _torch_gan()),
    Pair(
        "both updates at once, of gradients taken before either",
        _gan(at_once=True),
        _torch_gan(order="at once"),
    ),
    Pair("both updates at once, in Keras", _gan(at_once=True), _keras_gan(order="at once")),
    Pair(
        "independent networks, trained in the other order",
        Program("tf1_programs", "two_networks"),
        Program("torch_ports", "two_networks"),
    ),
    Pair("WGAN's losses", _gan(loss="wasserstein"), _torch_gan(loss="wasserstein")),
    Pair("least squares", _gan(loss="squares"), _torch_gan(loss="squares")),
]

ADAM = {"optimizer": "adam", "rate": 0.01}


def _adam(fault="", rate=0.01, **options):
    return {"optimizer_name": f"adam {fault}".strip(), "rate": rate, **options}


PLACE = "added after the bias correction"
DIFFERENT = [
    # ---- one fault ----
    Pair(
        "the slope",
        _d(),
        _torch(activation="slope 0.3"),
        ("leaky ReLU has slope 0.3, TF1's has 0.2",),
    ),
    Pair(
        "the slope, in Keras", _d(), _keras(activation="slope 0.3"), ("slope 0.3, TF1's has 0.2",)
    ),
    Pair("the slope, in bare tensors", _d(), _torch(form="tensors", slope=0.3), ("slope 0.3",)),
    Pair(
        "the slope, in a tf.Module", _d(), _keras(form="module", slope=0.3), ("gradient differs",)
    ),
    Pair(
        "the activation",
        _d(),
        _torch(activation="relu"),
        ("activation is ReLU, TF1's is leaky ReLU of slope 0.2",),
    ),
    Pair("the activation left out", _d(), _torch(activation="none"), ("D/fc",)),
    Pair(
        "the derivative at exactly 0",
        _d(activation="maximum"),
        _torch(activation="module"),
        ("the derivative of an activation at exactly 0",),
        images=BLACK,
    ),
    Pair(
        "batch norm's epsilon",
        _d(norm="fused"),
        _torch(kind="fused", epsilon=1e-5),
        ("epsilon is 1e-05, TF1's 0.001",),
    ),
    Pair(
        "batch norm's epsilon, in Keras",
        _d(norm="moments"),
        _keras(kind="moments", epsilon=1e-2),
        ("epsilon is 0.01, TF1's 0.001",),
    ),
    Pair(
        "batch norm's decay",
        _d(norm="fused"),
        _torch(kind="fused", decay=0.8),
        ("keeps 0.8 of the average, in TF1 0.9",),
    ),
    Pair(
        "a decay written as a momentum",
        _d(norm="moments"),
        _keras(kind="moments", decay=0.1),
        ("a decay was written as a momentum",),
    ),
    Pair(
        "the average of the unbiased variance",
        _d(norm="moments"),
        _torch(kind="fused"),
        ("follows the unbiased variance",),
    ),
    Pair(
        "the average of the biased variance",
        _d(norm="fused"),
        _keras(kind="moments"),
        ("follows the biased variance",),
    ),
    Pair(
        "batch norm by its averages in training",
        _d(norm="moments"),
        _keras(kind="moments", training=False),
        ("D/batch_normalization", "never moves the averages"),
    ),
    Pair(
        "batch norm after the activation",
        _d(norm="fused"),
        _torch(kind="fused", swapped=True),
        ("D/",),
    ),
    Pair("padding", _d(), _torch(padding=0), ("padding: 0 rows and columns",)),
    Pair("padding, in Keras", _d(), _keras(padding="before"), ("padding",)),
    Pair("images in 0 to 1", _d(), _torch(scale=0.5, shift=0.5), ("scales its input: 0.5 times",)),
    Pair("images times 2", _d(), _keras(scale=2.0), ("scales its input: 2 times",)),
    Pair(
        "the label", _d(), _torch(label=0.9), ("with labels 0.9, TF1's the cross entropy with 1",)
    ),
    Pair("the label, in Keras", _d(label=0.9), _keras(), ("labels 1, TF1's",)),
    Pair("a sum for a mean", _d(), _torch(reduction="sum"), ("a sum for a mean",)),
    Pair("the loss's weight", _d(), _keras(weight=2.0), ("every gradient is 2 times TF1's",)),
    Pair("the kind of loss", _d(), _torch(loss="squares"), ("least squares",)),
    Pair("L2 left out", _d(l2=0.05), _torch(), ("TF1's loss has an L2 penalty of 0.05",)),
    Pair("L2 too many", _d(), _keras(l2=0.05), ("the port's loss has an L2 penalty of 0.05",)),
    Pair("the learning rate", _d(), _torch(rate=0.2), ("2 times as long",)),
    Pair("the optimiser", _d(), _torch(optimizer_name="momentum"), ("sgd is Momentum, TF1's is",)),
    Pair(
        "the momentum",
        _d(optimizer="momentum"),
        _torch(optimizer_name="momentum 0.8"),
        ("momentum is 0.8, TF1's 0.9",),
    ),
    Pair(
        "Nesterov's momentum",
        _d(optimizer="momentum"),
        _keras(optimizer_name="momentum nesterov"),
        ("nesterov is True, TF1's False",),
    ),
    Pair("Adam's beta1", _d(**ADAM), _keras(**_adam("beta1")), ("beta1 is 0.9, TF1's 0.5",)),
    Pair("Adam's epsilon", _d(**ADAM), _keras(**_adam("epsilon")), ("epsilon acts as 1e-07",)),
    Pair("the place of Adam's epsilon", _d(**ADAM), _torch(**_adam()), (PLACE,)),
    Pair(
        "RMSProp's decay and the place of its epsilon",
        _d(optimizer="rmsprop", rate=0.01),
        _torch(optimizer_name="rmsprop rho", rate=0.01),
        ("rho is 0.99, TF1's 0.9", "outside the root", "ms begins at 0, TF1's at 1"),
    ),
    Pair(
        "D and G in the other order",
        _gan(),
        _torch_gan(order="g first"),
        ("update 1 is taken after another", "update 2 is taken before the update ahead"),
    ),
    Pair(
        "gradients taken at once, TF1's one after the other",
        _gan(),
        _torch_gan(order="at once"),
        ("the update order differs",),
    ),
    Pair(
        "gradients taken at once, in Keras",
        _gan(),
        _keras_gan(order="at once"),
        ("the update order differs",),
    ),
    Pair(
        "one after the other, TF1's at once",
        _gan(at_once=True),
        _torch_gan(),
        ("the update order differs",),
    ),
    Pair("detach left out", _gan(), _torch_gan(detaches=False), ("stop_gradient",)),
    Pair("D not frozen in G's update", _gan(), _keras_gan(trains_all=True), ("not frozen",)),
    Pair("G's label", _gan(), _torch_gan(g_label=0.9), ("labels 0.9",)),
    Pair("labels of fakes", _gan(), _keras_gan(labels=(1.0, 0.1)), ("1 and 0.1",)),
    Pair("the weight of one half of D's loss", _gan(), _torch_gan(weights=(1.0, 0.5)), ("d_loss",)),
    Pair(
        "G's noise drawn again",
        _gan(),
        _torch_gan(noise="again"),
        ("draws random numbers of its own",),
    ),
    Pair("G ends in a sigmoid", _gan(), _torch_gan(ends_in="sigmoid"), ("sigmoid",)),
    Pair("G's learning rate", _gan(), _torch_gan(g_rate=0.3), ("3 times as long",)),
    Pair(
        "D's weights clipped",
        _gan(loss="wasserstein"),
        _torch_gan(loss="wasserstein", clip=0.1),
        ("clips weights to ±0.1",),
    ),
    Pair(
        "averages that TF1 has not",
        _d(norm="no averages"),
        _keras(kind="moments"),
        ("averages that TF1 has not",),
    ),
    # ---- two faults ----
    Pair(
        "the slope and the learning rate",
        _d(),
        _torch(activation="slope 0.3", rate=0.2),
        ("slope 0.3", "2 times as long"),
    ),
    Pair(
        "batch norm's epsilon and decay",
        _d(norm="fused"),
        _torch(kind="fused", epsilon=1e-5, decay=0.8),
        ("epsilon is 1e-05", "keeps 0.8"),
    ),
    Pair(
        "the label and Adam's beta1",
        _d(**ADAM),
        _keras(**_adam("beta1", label=0.9)),
        ("labels 0.9", "beta1 is 0.9"),
    ),
    Pair(
        "the place of Adam's epsilon and the learning rate",
        _d(**ADAM),
        _torch(**_adam(rate=0.02)),
        (PLACE, "2 times as long"),
    ),
    Pair(
        "the padding and the learning rate",
        _d(),
        _torch(padding=0, rate=0.2),
        ("padding: 0 rows", "2 times as long"),
    ),
    Pair(
        "L2 left out and the momentum",
        _d(l2=0.05, optimizer="momentum"),
        _torch(optimizer_name="momentum 0.8"),
        ("L2 penalty of 0.05", "momentum is 0.8"),
    ),
    Pair(
        "labels and the order of updates",
        _gan(),
        _torch_gan(labels=(0.9, 0.0), order="at once"),
        ("0.9", "the update order differs"),
    ),
    Pair(
        "G's label and its learning rate",
        _gan(),
        _torch_gan(g_label=0.9, g_rate=0.3),
        ("labels 0.9", "3 times as long"),
    ),
    # ---- three faults ----
    Pair(
        "the slope, batch norm's epsilon, the place of Adam's epsilon",
        _d(norm="fused", **ADAM),
        _torch(kind="fused", epsilon=1e-5, activation="slope 0.3", **_adam()),
        ("slope 0.3", "epsilon is 1e-05", PLACE),
    ),
    Pair(
        "batch norm's decay, Adam's beta1, the learning rate",
        _d(norm="moments", **ADAM),
        _keras(kind="moments", decay=0.8, **_adam("beta1", rate=0.02)),
        ("keeps 0.8", "beta1 is 0.9", "2 times as long"),
    ),
    Pair(
        "images in 0 to 1, the label, the learning rate",
        _d(),
        _torch(scale=0.5, shift=0.5, label=0.9, rate=0.2),
        ("scales its input", "0.9", "2 times as long"),
    ),
    Pair(
        "batch norm's epsilon, the unbiased variance, the momentum",
        _d(norm="moments", optimizer="momentum"),
        _torch(kind="fused", epsilon=1e-5, optimizer_name="momentum 0.8"),
        ("epsilon is 1e-05", "unbiased variance", "momentum is 0.8"),
    ),
]
