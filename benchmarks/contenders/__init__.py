"""Who is timed, and which systems each contender has.

Each module has `make_step(model, batch_size)`, which returns a function that does one training
step."""

from dcgan_v1.systems import SYSTEMS

MODELS = {
    "ours": tuple(SYSTEMS),
    "source_loop": ("mnist_beginners", "celeba64"),
    "tf2": tuple(SYSTEMS),
    "keras_loop": ("mnist_keras",),
    "torch_loop": ("celeba64", "images96"),
}
# the other systems' sources are no TF1 programs: what stands for them here
SOURCES = {"mnist_keras": "keras", "mnist_tutorial": "tf2", "images96": "torch"}
