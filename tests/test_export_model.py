"""Models in the formats of others: the same function, read as their cards say."""

import errno
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import ENVIRONMENT, ROOT, call, fresh

from dcgan_v1 import export as formats
from dcgan_v1 import files, models, pictures, pretrained, systems
from dcgan_v1.checkpoints import finding, reading, restoring
from dcgan_v1.commands import export_model
from dcgan_v1.errors import UserError
from dcgan_v1.export import card, exporting, networks, to_frozen, to_torch
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
    recipes = re.findall(r"```python\n(.*?)```", card, re.S)
    half = [r for r in recipes if "float16" in r]
    assert len(half) == (2 if to == "tflite" else 0)
    generator, judge = (r for r in recipes if r not in half)
    code = f"{generator}{judge}np.savez('drawn', images=images, logits=logits)\n"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    with open_sampler(pretrained.path_of(name), "ema") as sampler:
        system = sampler.system
        z = draw_noise(system.noise, 64, system.z_dim, seed=0)
        images, logits = sampler.arrays(z)
    drawn = np.load(folder / "drawn.npz")
    low, high = system.image_range
    assert np.abs(drawn["images"] - images).max() <= 2e-5 * (high - low)
    unit = max(1, np.abs(logits).max())
    assert np.abs(drawn["logits"][:, 0] - logits).max() <= 2e-5 * unit
    pixels = pictures.to_uint8(drawn["images"], system.image_range)
    expected = pictures.to_uint8(images, system.image_range)
    assert exporting.levels_apart(pixels, expected) <= 1


BY_THE_BATCH = [
    pytest.param(name, to, marks=[] if name == "mnist_beginners" else pytest.mark.long)
    for name in ("mnist_beginners", "mnist_tutorial", "images96")
    for to in ("savedmodel", "frozen", "onnx", "keras", "torch")
]


@pytest.mark.parametrize(("name", "to"), BY_THE_BATCH)
def test_batch_norm_by_the_batch_goes_along(name, to, tmp_path):
    needs(to)
    folder = tmp_path / "out"
    done = call("export_model.py", "--pretrained", name, "--to", to, "--judge",
                "--bn", "batch", "--out", folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
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


@pytest.mark.parametrize("bn", ["ema", "batch"])
def test_a_latent_is_found_by_gradients_through_the_savedmodel(bn, tmp_path):
    done = call("export_model.py", "--pretrained", "mnist_tutorial", "--to",
                "savedmodel", "--bn", bn, "--out", tmp_path / "out")  # fmt: skip
    assert done.returncode == 0, done.stderr
    subprocess.run([sys.executable, "-c", GRADIENTS], cwd=tmp_path / "out", check=True)


@pytest.mark.parametrize("name", systems.SYSTEMS)
def test_no_gradient_of_ours_is_left_behind_in_what_goes_elsewhere(name):
    """Such an op has no gradient where our code is not."""
    prefix = finding.resolve(pretrained.path_of(name))
    config = restoring.identify(prefix)
    for which in networks.INPUTS:
        with networks.open_network(prefix, config, which) as network:
            nodes = network.constants().node
        assert len(nodes) > 10
        for node in nodes:
            assert node.op != "IdentityN" and "_gradient_op_type" not in node.attr


TF1_15 = os.environ.get("TF1_PYTHON", str(ROOT / ".venv-tf1" / "bin" / "python"))


@pytest.mark.skipif(
    not Path(TF1_15).exists(),
    reason="no TensorFlow 1.15 here: make .venv-tf1/.ready (needs Python 3.7)",
)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "mnist_tutorial" else pytest.mark.long)
        for name in systems.SYSTEMS
    ],
)
def test_real_tensorflow_1_draws_a_frozen_graph(name, tmp_path):
    folder = tmp_path / "out"
    done = call("export_model.py", "--pretrained", name, "--to", "frozen", "--judge",
                "--out", folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    card = (folder / "README.md").read_text()
    _, *lines = re.findall(r"```python\n(.*?)```", card, re.S)[0].splitlines()
    load = "\n".join(line for line in lines if not line.startswith("z = "))
    judge = re.findall(r"```python\n(.*?)```", card, re.S)[1]
    system = systems.get(name)
    z = draw_noise(system.noise, 8, system.z_dim, seed=1).astype(np.float32)
    np.save(folder / "z.npy", z)
    code = f"import numpy as np\nz = np.load('z.npy')\n{load}\n{judge}"
    code += "np.savez('drawn', images=images, logits=logits)\n"
    env = {k: v for k, v in ENVIRONMENT.items() if k != "TF2_BEHAVIOR"}
    ran = subprocess.run([TF1_15, "-c", code], cwd=folder, env=env,
                         capture_output=True, text=True)  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-1000:]
    with open_sampler(pretrained.path_of(name), "ema") as sampler:
        images, logits = sampler.arrays(z)
    drawn = np.load(folder / "drawn.npz")
    low, high = system.image_range
    assert np.abs(drawn["images"] - images).max() <= 1e-5 * (high - low)
    unit = max(1, np.abs(logits).max())
    assert np.abs(drawn["logits"][:, 0] - logits).max() <= 1e-5 * unit


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


def test_nothing_is_written_where_a_fault_is_caught(tmp_path, monkeypatch):
    real = to_frozen._of_old

    def shifted(graph_def):
        for node in graph_def.node:
            if node.name.endswith("generator/bn1/beta"):
                node.attr["value"].tensor.CopyFrom(
                    tf.make_tensor_proto(tf.make_ndarray(node.attr["value"].tensor) + 1)
                )
        return real(graph_def)

    monkeypatch.setattr(to_frozen, "_of_old", shifted)
    monkeypatch.setattr(export_model.runtime, "load", lambda: None)  # graph mode here
    args = ["--pretrained", "mnist_tutorial", "--to", "frozen"]
    args = export_model.make_parser().parse_args([*args, "--out", str(tmp_path / "a")])
    with pytest.raises(UserError, match=r"another function.*nothing was written"):
        export_model.main(args)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({}, None),
        ({"difference": 2.01e-5}, "another function"),
        ({"difference": float("nan")}, "another function"),
        ({"difference": 0.5, "bound": None}, None),
        ({"alone": 1.1e-5}, "in other batches"),
        ({"alone": 1.1e-5, "bound": None}, "in other batches"),
        ({"alone": float("nan")}, "in other batches"),
        ({"alone": None}, None),
        ({"y": np.array([1, np.nan]), "bound": None}, "not finite"),
        ({"y": np.array([1, np.inf])}, "not finite"),
    ],
)
def test_what_a_trial_may_be_off(changes, complaint):
    trial = exporting.Trial(
        "a.onnx", "generator", "", 1.99e-5, 0, 0.99e-5, 2e-5, np.zeros(2)
    )._replace(**changes)
    if complaint is None:
        exporting.refuse_another_function(trial)
    else:
        with pytest.raises(UserError, match=complaint):
            exporting.refuse_another_function(trial)


def test_a_file_that_cannot_be_loaded_as_its_card_says_is_not_kept(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(to_frozen, "LOAD", "import nothing_of_that_name\n")
    with pytest.raises(UserError, match=r"as its card says.*nothing_of_that_name"):
        export("frozen", tmp_path / "out")


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
        averages = "the averages of its generator" in (out / "README.md").read_text()
        assert averages == (folder == "averaged")
        graph_def = tf.GraphDef.FromString((out / "generator.pb").read_bytes())
        with tf.Graph().as_default(), tf.Session() as session:
            tf.import_graph_def(graph_def, name="")
            z = draw_noise("normal", 2, 100, seed=4)
            drawn[folder] = session.run("images:0", {"z:0": z})
    np.testing.assert_allclose(drawn["averaged"], -drawn["latest"], atol=1e-6)


def test_an_export_can_be_read_by_others(tmp_path):
    out = tmp_path / "out"
    done = call("export_model.py", "--pretrained", "mnist_tutorial", "--to",
                "savedmodel", "--out", out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    (tmp_path / "plain").mkdir()
    assert out.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert (out / "README.md").stat().st_mode & 0o444 == 0o444


@pytest.mark.parametrize("there", [True, False])
def test_what_cannot_be_placed_leaves_nothing_and_what_is_others_alone(
    there, tmp_path, monkeypatch
):
    source, out = tmp_path / "source", tmp_path / "out"
    (source / "b").mkdir(parents=True)
    (source / "a").write_text("a")
    (source / "b" / "c").write_text("c")
    if there:  # it has come in the meantime
        out.mkdir()
        (out / "mine").write_text("mine")

    real = shutil.copyfile

    def full(path, *args, **options):
        if Path(path).parent.name == "b":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, *args, **options)

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(UserError, match=r"cannot write .*No space left"):
        files.place(source, out)
    assert out.exists() == there
    assert not there or [path.name for path in out.iterdir()] == ["mine"]


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
    unknown = "which nothing here names"
    assert unknown in card.weights_licence(run, systems.MNIST_KERAS)
    (run / "config.json").write_text("[]")
    assert unknown in card.weights_licence(run / "model", systems.CELEBA64)


@pytest.mark.parametrize("source", ["images96", "images96/model"])
def test_the_terms_of_the_training_images_go_along(source):
    folder = pretrained.folder() / source
    licence = card.weights_licence(folder, systems.IMAGES96)
    assert "non-commercial" in licence and "10 000" in licence
