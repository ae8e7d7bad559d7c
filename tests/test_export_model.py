"""Models in the formats of others: the same function, read as their cards say."""

import math
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from exports import draws_what_the_session_draws, exported, exported_alone, needs, terms
from marks import TF1_15
from rounding import assert_close
from script_runs import call, refusal

from dcgan_v1 import export as formats
from dcgan_v1 import image_files, pretrained, systems
from dcgan_v1.checkpoints import reading
from dcgan_v1.checkpoints.checkpoint import open_checkpoint
from dcgan_v1.export import card, exporting, networks
from dcgan_v1.nn import averaging
from dcgan_v1.sample import draw_noise, open_sampler

pytestmark = [pytest.mark.cli, pytest.mark.numerical]

BY_DEFAULT = {  # a system for each format; the others are longer
    "savedmodel": "mnist_tutorial",
    "frozen": "mnist_keras",
    "tflite": "mnist_tutorial",
    "onnx": "mnist_beginners",
    "keras": "images96",
    "torch": "mnist_beginners",
}
CASES = [
    pytest.param(name, to, marks=[] if BY_DEFAULT[to] == name else [pytest.mark.release])
    for to in formats.FORMATS
    for name in systems.SYSTEMS
    if (name, to) != ("mnist_keras", "frozen")
]
CASES.append(pytest.param("mnist_keras", "frozen", marks=pytest.mark.smoke))


@pytest.mark.parametrize(("name", "to"), CASES)
def test_the_lines_of_the_card_draw_what_the_session_draws(name, to, tmp_path):
    needs(to)
    recipes = exported(name, to, tmp_path / "out")
    if to == "onnx":
        assert_free_dimension_is_batch(tmp_path / "out")
    half = [r for r in recipes if "float16" in r]
    assert len(half) == (2 if to == "tflite" else 0)
    code = "".join(r for r in recipes if r not in half)
    images, _ = draws_what_the_session_draws(code, name, tmp_path / "out")
    system = systems.get(name)
    drawn = np.load(tmp_path / "out" / "drawn.npz")["images"]
    pixels = [image_files.to_uint8(a, system.image_range) for a in (drawn, images)]
    assert exporting.levels_apart(*pixels) <= 1


def assert_free_dimension_is_batch(folder):
    import onnx

    for name in ("generator", "discriminator"):
        graph = onnx.load(folder / f"{name}.onnx").graph
        for value in (*graph.input, *graph.output):
            first, *rest = value.type.tensor_type.shape.dim
            assert first.dim_param == "batch" and all(d.dim_value for d in rest), value


TOGETHER = """
import numpy as np, runpy, torch
from safetensors.torch import load_file
z = torch.from_numpy(np.load("z.npy"))
by_path, by_import = {}, {}
for name in ("mnist_tutorial", "mnist_beginners"):
    by_path[name] = runpy.run_path(f"{name}/generator.py")["generator"]
import mnist_beginners.generator, mnist_tutorial.generator
by_import["mnist_tutorial"] = mnist_tutorial.generator.generator
by_import["mnist_beginners"] = mnist_beginners.generator.generator
for name, model in [*by_path.items(), *by_import.items()]:
    model.load_state_dict(load_file(f"{name}/generator.safetensors"))
for i, models in enumerate((by_path, by_import)):
    for name, model in models.items():
        np.save(f"{name}{i}", model(z).permute(0, 2, 3, 1).detach().numpy())
"""


@pytest.mark.torch
@pytest.mark.release
def test_two_torch_exports_go_into_one_program(tmp_path):
    needs("torch")
    z = draw_noise("normal", 4, 100, seed=3).astype(np.float32)
    np.save(tmp_path / "z.npy", z)
    for name in ("mnist_tutorial", "mnist_beginners"):
        exported_alone(name, "torch", tmp_path / name)
    subprocess.run([sys.executable, "-c", TOGETHER], cwd=tmp_path, check=True)
    for name in ("mnist_tutorial", "mnist_beginners"):
        with open_sampler(pretrained.path_of(name), "ema", "cpu") as sampler:
            images, _ = sampler.arrays(z)
        for i in (0, 1):
            drawn = np.load(tmp_path / f"{name}{i}.npy")
            assert_close(drawn, images, terms(name, "generator"), size=1)


# as a graph and as layers
FIRST = [("mnist_beginners", to) for to in ("savedmodel", "torch")]
BY_THE_BATCH = [
    pytest.param(name, to, marks=[] if (name, to) in FIRST else pytest.mark.release)
    for name in ("mnist_beginners", "mnist_tutorial", "images96")
    for to in ("savedmodel", "frozen", "onnx", "keras", "torch")
]


@pytest.mark.parametrize(("name", "to"), BY_THE_BATCH)
def test_batch_norm_by_the_batch_goes_along(name, to, tmp_path):
    needs(to)
    folder = tmp_path / "out"
    exported(name, to, folder, "--bn", "batch")
    card = (folder / "README.md").read_text()
    judges = 1 if name == "images96" else 0  # the others' have no batch norm
    assert card.count("by their statistics") == 1 + judges
    if to != "savedmodel":
        return
    code = """
import numpy as np, tensorflow as tf
model = tf.saved_model.load("generator").signatures["serving_default"]
draw = lambda n, scale: np.full((n, 100), scale, np.float32) * np.sin(
    np.arange(100 * n).reshape(n, 100)).astype(np.float32)
one, other = draw(8, 1), draw(8, 1)
other[1:] *= 0.1
drawn = [model(z=tf.constant(z))["images"].numpy()[0] for z in (one, other)]
assert abs(drawn[0] - drawn[1]).max() > 0.05
"""
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


GRADIENTS = """
import numpy as np, tensorflow as tf
model = tf.saved_model.load("generator").signatures["serving_default"]
rng = np.random.default_rng(5)
draw = lambda n: tf.constant(rng.normal(size=(n, 100)).astype(np.float32))
target = model(z=draw(32))["images"]
double = lambda x: tf.cast(x, tf.float64)  # or the difference below is rounding
loss = lambda z: tf.reduce_sum(double(model(z=z)["images"] - target) ** 2)
z = draw(32)
with tf.GradientTape() as tape:
    tape.watch(z)
    value = loss(z)
gradient = tape.gradient(value, z)
length = tf.norm(gradient)
for way in [gradient / length] + [w / tf.norm(w) for w in (draw(32), draw(32))]:
    step = 0.05  # of a latent of 3200 numbers
    found = (loss(z + step * way) - loss(z - step * way)) / (2 * step)
    # kinks and rounding: a share of the steepest slope, whatever the way
    assert abs(found - double(tf.reduce_sum(gradient * way))) < 0.01 * double(length)
z, adam = tf.Variable(z), tf.keras.optimizers.Adam(0.05)
for _ in range(100):
    with tf.GradientTape() as tape:
        now = loss(z)
    adam.apply_gradients([(tape.gradient(now, z), z)])
assert now < 0.5 * value, (now, value)
"""


@pytest.mark.parametrize("bn", ["ema", pytest.param("batch", marks=pytest.mark.release)])
def test_a_latent_is_found_by_gradients_through_the_savedmodel(bn, tmp_path):
    exported_alone("mnist_tutorial", "savedmodel", tmp_path / "out", "--bn", bn)
    subprocess.run([sys.executable, "-c", GRADIENTS], cwd=tmp_path / "out", check=True)


@pytest.mark.parametrize("name", systems.SYSTEMS)
def test_no_gradient_of_ours_is_left_behind_in_what_goes_elsewhere(name):
    """Such an op has no gradient where our code is not."""
    checkpoint = open_checkpoint(pretrained.path_of(name))
    for which in networks.INPUTS:
        with networks.open_network(checkpoint, which) as network:
            nodes = network.constants().node
        assert len(nodes) > 10
        for node in nodes:
            assert node.op != "IdentityN" and "_gradient_op_type" not in node.attr


@pytest.mark.tf115
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "mnist_tutorial" else pytest.mark.release)
        for name in systems.SYSTEMS
    ],
)
def test_real_tensorflow_1_draws_a_frozen_graph(name, tmp_path):
    code = "".join(exported(name, "frozen", tmp_path / "out"))
    draws_what_the_session_draws(code, name, tmp_path / "out", TF1_15)


def test_a_generator_alone_has_no_discriminator_to_export(tmp_path):
    arrays = reading.tensors(str(pretrained.path_of("mnist_tutorial") / "model"))
    alone = {name: a for name, a in arrays.items() if "/generator/" in name}
    reading.write(tmp_path / "model", alone)
    args = (tmp_path / "model", "--to", "frozen", "--out", tmp_path / "out")
    assert "generator alone" in refusal("export_model.py", *args, "--discriminator")
    assert call("export_model.py", *args).returncode == 0


def test_a_network_reads_as_the_chain_of_its_layers():
    from dcgan_v1.export import layers

    checkpoint = open_checkpoint(pretrained.path_of("celeba64"))
    with networks.open_network(checkpoint, "generator") as network:
        found = layers.read_layers(network)
    kinds = [layer.kind for layer in found]
    assert kinds == ["linear", "reshape", *["batch_norm", "relu", "conv2d_transpose"] * 4, "tanh"]
    assert found[0].input_shape == (100,) and found[-1].output_shape == (64, 64, 3)


def test_averaged_weights_are_taken_unless_the_latest_are_asked_for(tmp_path):
    arrays = reading.tensors(str(pretrained.path_of("mnist_tutorial") / "model"))
    name = "mnist_tutorial/generator/deconv4/w"
    arrays[name + averaging.SUFFIX] = -arrays[name]  # tanh is odd: the negative
    reading.write(tmp_path / "model", arrays)
    drawn = {}
    for folder, words in (("averaged", ()), ("latest", ("--latest",))):
        out = tmp_path / folder
        done = call("export_model.py", tmp_path / "model", "--to", "frozen", "--out", out, *words)
        assert done.returncode == 0, done.stderr
        averages = "the averages of its generator" in (out / "README.md").read_text()
        assert averages == (folder == "averaged")
        graph_def = tf.GraphDef.FromString((out / "generator.pb").read_bytes())
        with tf.Graph().as_default(), tf.Session() as session:
            tf.import_graph_def(graph_def, name="")
            z = draw_noise("normal", 2, 100, seed=4)
            drawn[folder] = session.run("images:0", {"z:0": z})
    last = math.prod(arrays[name].shape) // arrays[name].shape[2]  # the layer that differs
    assert_close(drawn["averaged"], -drawn["latest"], terms=last, size=1)


def test_a_licence_is_that_of_the_models_own_run(tmp_path):
    """Not of figures or of a config that happen to lie there."""
    config = systems.get("celeba64").config(data="/photos/mine.zip")
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.json").write_text(config.to_json())
    (tmp_path / "figures.json").write_text("{}")
    (run / "figures.json").write_text('{"training_images": 7}')
    licence = card.weights_licence(run, systems.CELEBA64)
    assert "mine.zip" in licence and "CelebA" not in licence
    unknown = "which are not known here"
    assert unknown in card.weights_licence(run, systems.MNIST_KERAS)
    (run / "config.json").write_text("[]")
    assert unknown in card.weights_licence(run / "model", systems.CELEBA64)


@pytest.mark.parametrize("source", ["images96", "images96/model"])
def test_the_terms_of_the_training_images_go_along(source):
    folder = pretrained.folder() / source
    licence = card.weights_licence(folder, systems.IMAGES96)
    assert "non-commercial" in licence and "10 000" in licence
