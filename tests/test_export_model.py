"""Models in the formats of others: the same function, read as their cards say."""

import re
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import call, fresh

from dcgan_v1 import export as formats
from dcgan_v1 import models, pictures, pretrained, systems
from dcgan_v1.checkpoints import reading
from dcgan_v1.errors import UserError
from dcgan_v1.export import card, exporting, networks, to_torch
from dcgan_v1.nn import averaging, ops, products
from dcgan_v1.sample import draw_noise, open_sampler

BY_DEFAULT = {  # a system for each format; the others are longer
    "savedmodel": "images96",
    "frozen": "mnist_keras",
    "tflite": "celeba64",
    "onnx": "mnist_beginners",
    "keras": "celeba64",
    "torch": "mnist_beginners",
}
CASES = [
    pytest.param(name, to, marks=[] if BY_DEFAULT[to] == name else [pytest.mark.long])
    for to in formats.FORMATS
    for name in systems.SYSTEMS
]


def needs(to):
    """Skips where an optional package is missing."""
    for package in formats.get(to).NEEDS:
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")


def refusal(*args):
    done = call("export_model.py", *args)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(("name", "to"), CASES)
def test_the_lines_of_the_card_draw_what_the_session_draws(name, to, tmp_path):
    needs(to)
    folder = tmp_path / "out"
    done = call("export_model.py", pretrained.path_of(name), "--to", to, "--judge",
                "--out", folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    card = (folder / "README.md").read_text()
    recipe, *others = re.findall(r"```python\n(.*?)```", card, re.S)
    assert len(others) == (3 if to == "tflite" else 1)  # float16, and D
    code = recipe + "np.save('drawn.npy', images)\n"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    with open_sampler(pretrained.path_of(name), "ema") as sampler:
        system = sampler.system
        z = draw_noise(system.noise, 64, system.z_dim, seed=0)
        expected, _ = sampler(z)
    drawn = pictures.to_uint8(np.load(folder / "drawn.npy"), system.image_range)
    assert exporting.levels_apart(drawn, expected) <= 1


@pytest.mark.parametrize("to", ["savedmodel", "onnx", "keras", "torch"])
def test_batch_norm_by_the_batch_goes_along(to, tmp_path):
    needs(to)
    done = call("export_model.py", "--pretrained", "mnist_beginners", "--to", to,
                "--bn", "batch", "--out", tmp_path / "out")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "by their statistics" in (tmp_path / "out/README.md").read_text()


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


@pytest.mark.parametrize("bn", ["ema", "batch"])
def test_a_latent_is_found_by_gradients_through_the_savedmodel(bn, tmp_path):
    done = call("export_model.py", "--pretrained", "mnist_tutorial", "--to",
                "savedmodel", "--bn", bn, "--out", tmp_path / "out")  # fmt: skip
    assert done.returncode == 0, done.stderr
    subprocess.run([sys.executable, "-c", GRADIENTS], cwd=tmp_path / "out", check=True)


def export(to, folder):
    folder.mkdir()
    path = str(pretrained.path_of("mnist_tutorial"))
    return exporting.export(path, to, folder, say=lambda text: None)


def test_a_swapped_padding_is_caught(tmp_path, monkeypatch):
    needs("torch")
    real = to_torch._pad

    def swapped(totals):
        return [(text.replace("(-1, -2, -1, -2)", "(-2, -1, -2, -1)"), weights)
                for text, weights in real(totals)]  # fmt: skip

    monkeypatch.setattr(to_torch, "_pad", swapped)
    with pytest.raises(UserError, match="another function"):
        export("torch", tmp_path / "out")


@pytest.mark.parametrize("to", ["savedmodel", "frozen"])
def test_a_map_that_is_one_pixel_off_is_caught(to, tmp_path, monkeypatch):
    real = tf.nn.conv2d_transpose

    def shifted(*args, **options):
        y = real(*args, **options)
        return tf.concat([y[:, -1:], y[:, :-1]], 1) if products.are_plain() else y

    monkeypatch.setattr(ops.tf.nn, "conv2d_transpose", shifted)
    with pytest.raises(UserError, match="another function"):
        export(to, tmp_path / "out")


@pytest.mark.parametrize("to", ["tflite", "onnx", "keras", "torch"])
def test_an_op_that_a_format_cannot_hold_is_named(to, tmp_path, monkeypatch):
    needs(to)
    module = models.get("mnist_tutorial")
    real = module.generator

    def odd(z, is_training):
        images, updates = real(z, is_training)
        half = tf.ones_like(images) / 2
        return tf.math.betainc(half, half, tf.nn.sigmoid(images)), updates

    monkeypatch.setattr(module, "generator", odd)
    with pytest.raises(UserError, match=r"Betainc.*--to savedmodel"):
        export(to, tmp_path / "out")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--pretrained", "mnist_keras", "--to", "int8"), "invalid choice"),
        (("--pretrained", "nobody", "--to", "frozen"), "no pretrained model"),
        (("--to", "frozen"), "give a run or a checkpoint"),
        (("a", "--pretrained", "mnist_keras", "--to", "frozen"), "give a run or"),
        (("nowhere", "--to", "frozen"), "nowhere"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_line(args, message, tmp_path):
    assert message in refusal(*args, "--out", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    args = ("--pretrained", "mnist_keras", "--to", "frozen", "--out", tmp_path)
    assert "is not empty" in refusal(*args)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_empty_folder_is_taken(tmp_path):
    done = fresh("export_model.py", "--pretrained", "mnist_tutorial", "--to", "frozen",
                 "--out", tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {
        "README.md",
        "draws.png",
        "generator.pb",
    }


def test_a_generator_alone_has_no_judge_to_export(tmp_path):
    arrays = reading.tensors(str(pretrained.path_of("mnist_tutorial") / "model"))
    alone = {name: a for name, a in arrays.items() if "/generator/" in name}
    reading.write(tmp_path / "model", alone)
    args = (tmp_path / "model", "--to", "frozen", "--out", tmp_path / "out")
    assert "generator alone" in refusal(*args, "--judge")
    assert call("export_model.py", *args).returncode == 0


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"tf2onnx .*requirements-export\.txt"):
        exporting.check_packages("onnx")


def test_a_network_reads_as_the_chain_of_its_layers():
    from dcgan_v1.checkpoints import finding, restoring
    from dcgan_v1.export import chain

    prefix = finding.resolve(pretrained.path_of("celeba64"))
    config = restoring.identify(prefix)
    with networks.open_network(prefix, config, "generator") as network:
        links = chain.read(network)
    kinds = [link.kind for link in links]
    assert kinds == [
        "linear", "reshape", *["batch_norm", "relu", "conv2d_transpose"] * 4, "tanh"
    ]  # fmt: skip
    assert links[0].below == (100,) and links[-1].above == (64, 64, 3)


def test_averaged_weights_are_taken_unless_the_latest_are_asked_for(tmp_path):
    arrays = reading.tensors(str(pretrained.path_of("mnist_tutorial") / "model"))
    name = "mnist_tutorial/generator/deconv4/w"
    arrays[name + averaging.SUFFIX] = -arrays[name]  # tanh is odd: the negative
    reading.write(tmp_path / "model", arrays)
    drawn = {}
    for folder, words in (("averaged", ()), ("latest", ("--latest",))):
        out = tmp_path / folder
        done = call("export_model.py", tmp_path / "model", "--to", "frozen", "--out",
                    out, *words)  # fmt: skip
        assert done.returncode == 0, done.stderr
        graph_def = tf.GraphDef.FromString((out / "generator.pb").read_bytes())
        with tf.Graph().as_default(), tf.Session() as session:
            tf.import_graph_def(graph_def, name="")
            z = draw_noise("normal", 2, 100, seed=4)
            drawn[folder] = session.run("images:0", {"z:0": z})
    np.testing.assert_allclose(drawn["averaged"], -drawn["latest"], atol=1e-6)


@pytest.mark.parametrize("source", ["images96", "images96/model"])
def test_the_terms_of_the_training_images_go_along(source):
    folder = pretrained.folder() / source
    licence = card.weights_licence(folder, systems.IMAGES96)
    assert "non-commercial" in licence and "10 000" in licence
