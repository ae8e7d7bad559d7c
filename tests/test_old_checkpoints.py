"""Checkpoints as people have them: copied, renamed, of other versions, in part."""

import shutil

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import call, refusal

from dcgan_v1.checkpoints import finding, reading, restoring
from dcgan_v1.errors import UserError

pytestmark = pytest.mark.cli

A = np.arange(6, dtype=np.float32).reshape(2, 3)


def write(prefix, array=A, version=tf.train.SaverDef.V2, name="mnist_tutorial/generator/a"):
    """Writes one array as TensorFlow's Saver does. Returns the prefix as a Path."""
    prefix.parent.mkdir(parents=True, exist_ok=True)
    with tf.Graph().as_default(), tf.Session() as session:
        variable = tf.get_variable("v", initializer=array)
        session.run(variable.initializer)
        saver = tf.train.Saver({name: variable}, write_version=version)
        saver.save(session, str(prefix), write_state=False, write_meta_graph=False)
    return prefix


def write_list(folder, *names):
    """Writes TensorFlow's list; the first name is the newest."""
    lines = [f'model_checkpoint_path: "{names[0]}"']
    lines += [f'all_model_checkpoint_paths: "{name}"' for name in reversed(names)]
    (folder / "checkpoint").write_text("\n".join(lines) + "\n")


def found(path):
    """Returns (the prefix's name, what is said)."""
    said = []
    return finding.resolve(path, said.append), said


# ---- where the checkpoint is ----


@pytest.mark.parametrize(
    "listed",
    [
        None,
        "",
        "model_checkpoint_path",
        "\x00\xff",
        'model_checkpoint_path: "/somewhere/else/dcgan.model-30"',
        r'model_checkpoint_path: "C:\\Users\\me\\logs\\dcgan.model-30"',
    ],
)
def test_a_list_that_is_absent_damaged_or_of_elsewhere_still_finds_the_newest(tmp_path, listed):
    for step in (9, 10, 30):
        write(tmp_path / f"dcgan.model-{step}")
    if listed is not None:
        (tmp_path / "checkpoint").write_text(listed)
    prefix, said = found(tmp_path)
    assert prefix == str(tmp_path / "dcgan.model-30")  # by number, not by name
    assert len(said) == 1 and "dcgan.model-30" in said[0]


def test_a_list_that_names_an_old_folder_which_still_exists_does_not_lead_there(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, value in ((old, 1.0), (new, 2.0)):
        write(folder / "model.ckpt-5", np.float32([value]))
        write_list(folder, str(old / "model.ckpt-5"))
    prefix, said = found(new)
    assert prefix == str(new / "model.ckpt-5")
    assert str(old) in said[0] and str(new) in said[0]
    assert reading.tensors(prefix).popitem()[1] == 2.0
    for path in new.glob("model.ckpt-5*"):
        path.unlink()
    with pytest.raises(UserError, match="not in that folder; give the checkpoint's"):
        finding.resolve(new)


def test_what_a_sound_list_names_is_taken_without_a_word(tmp_path):
    for step in (5, 7):
        write(tmp_path / f"model.ckpt-{step}")
    write_list(tmp_path, "model.ckpt-5", "model.ckpt-7")  # an early one, on purpose
    assert found(tmp_path) == (str(tmp_path / "model.ckpt-5"), [])
    write_list(tmp_path, "model.ckpt-9", "model.ckpt-7", "model.ckpt-5")
    prefix, said = found(tmp_path)
    assert prefix.endswith("model.ckpt-7") and "model.ckpt-9" in said[0]


def test_several_checkpoints_of_other_names_and_no_list_are_not_guessed_among(tmp_path):
    for name in ("dcgan.ckpt", "classifier.ckpt"):
        write(tmp_path / name)
    with pytest.raises(UserError, match=r"2 checkpoints \(classifier.ckpt, dcgan.ckpt"):
        finding.resolve(tmp_path)


def test_a_list_that_is_no_use_does_not_hide_the_checkpoints_below(tmp_path):
    write(tmp_path / "checkpoints" / "model-3")
    write_list(tmp_path, "/old/model-5")
    assert found(tmp_path)[0] == str(tmp_path / "checkpoints" / "model-3")


def test_a_prefix_beside_a_folder_of_its_name_and_the_list_itself_are_understood(tmp_path):
    write(tmp_path / "model")
    (tmp_path / "model").mkdir()
    assert found(tmp_path / "model")[0] == str(tmp_path / "model")
    write_list(tmp_path, "model")
    assert found(tmp_path / "checkpoint")[0] == str(tmp_path / "model")


@pytest.mark.parametrize("name", ["a\\000b", "x" * 300, "", "../model", "/"])
def test_a_list_of_nonsense_is_passed_over(tmp_path, name):
    write(tmp_path / "run" / "model")
    write(tmp_path / "model", A + 1)  # not the folder's
    (tmp_path / "run" / "checkpoint").write_text(f'model_checkpoint_path: "{name}"\n')
    assert found(tmp_path / "run")[0] == str(tmp_path / "run" / "model")


# ---- what it is ----


@pytest.mark.parametrize("sharded", [False, True])
def test_a_checkpoint_of_version_1_is_found_read_and_restored(tmp_path, sharded):
    folder = tmp_path / "old[1]"  # what TensorFlow takes for a pattern, too
    write(folder / "model.ckpt-100", version=tf.train.SaverDef.V1)
    if sharded:
        (folder / "model.ckpt-100").rename(folder / "model.ckpt-100-00000-of-00001")
        write_list(folder, f"{folder}/model.ckpt-100-?????-of-00001")
    else:
        write_list(folder, f"{folder}/model.ckpt-100")
    for path in (folder, folder / "model.ckpt-100"):
        prefix = finding.resolve(path)
        np.testing.assert_array_equal(*reading.tensors(prefix).values(), A)
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.get_variable("v", [2, 3])
        plan = restoring.Plan(prefix, {"mnist_tutorial/generator/a": v})
        restoring.restore(session, plan)
        np.testing.assert_array_equal(session.run(v), A)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gan.h5", b"\x89HDF\r\n\x1a\n", "a Keras file"),
        ("gan.keras", b"PK\x03\x04", "a Keras file"),
        ("netG.pth", b"\x80\x02}q\x00.", "a file of PyTorch's, which can hold programs"),
        ("netG_epoch_5", b"PK\x03\x04", "a file of PyTorch's"),
        ("weights.npz", b"PK\x03\x04", "an archive of numpy's"),
        ("gan.safetensors", b"\x10\0\0\0\0\0\0\0{", "a file of PyTorch's"),
        ("frozen.pb", b"\n\x10", "a graph"),
        ("model.zip", b"PK\x03\x04", "an archive; unpack it first"),
        ("model.ckpt", b"", "not a file that TensorFlow's Saver wrote"),
        ("model.ckpt-5.meta", b"\n\x10", "but a part of one"),
    ],
)
def test_another_kind_of_file_is_named_for_what_it_is(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as error:
        finding.resolve(tmp_path / name)
    assert f"no checkpoint at {tmp_path / name}" in str(error.value)
    assert said in str(error.value)


def test_a_missing_checkpoint_is_answered_with_those_that_are_there(tmp_path):
    write(tmp_path / "model-7")
    with pytest.raises(UserError, match=r"model-8.index does not exist; .* has model-7"):
        finding.resolve(tmp_path / "model-8")


# ---- a part of one ----


@pytest.fixture(scope="session")
def generator_alone(original_checkpoint, tmp_path_factory):
    """Of the original script's checkpoint the generator without slots, and a step."""
    arrays = {
        name: value
        for name, value in reading.tensors(original_checkpoint).items()
        if name.startswith("g_") and "/Adam" not in name
    }
    arrays["global_step"] = np.int64(77)
    prefix = tmp_path_factory.mktemp("part") / "gan.ckpt"
    reading.write(prefix, arrays)
    return prefix


SHORT = ("--steps", 1, "--pretrain-steps", 1, "--batch-size", 4, "--device", "cpu")


def test_a_part_of_the_networks_is_taken_where_that_is_asked_for(generator_alone, tmp_path):
    args = (*SHORT, "--restore", generator_alone, "--run-dir", tmp_path / "r")
    line = refusal("train_mnist.py", *args)
    assert "missing: d_b1" in line and "--networks-only takes what there is" in line
    assert not (tmp_path / "r").exists()
    done = call("train_mnist.py", *args, "--networks-only")
    assert done.returncode == 0, done.stderr
    assert "fresh are 8 weights and averages of the discriminator" in done.stdout
    assert "all optimiser slots and the step" in done.stdout
    assert "resumed at step 0 of 2" in done.stdout


def test_what_is_taken_of_the_networks_is_theirs_bit_for_bit(generator_alone, tmp_path):
    """Also where the run is continued that was killed before its first checkpoint."""
    run = tmp_path / "r"
    args = (*SHORT, "--restore", generator_alone, "--networks-only", "--run-dir", run)
    assert (
        call("train_mnist.py", *args, "--d-learning-rate", 0, "--g-learning-rate", 0).returncode
        == 0
    )
    after = reading.tensors(finding.resolve(run))
    expected = reading.tensors(str(generator_alone))["g_w2"]
    np.testing.assert_array_equal(after["mnist_beginners/generator/conv2/w"], expected)
    shutil.rmtree(run / "checkpoints")
    (run / "checkpoints").mkdir()
    done = call("train_mnist.py", "--restore", "--run-dir", run)
    assert done.returncode == 0, done.stderr
    assert "networks only: fresh are" in done.stdout


def test_an_originals_networks_without_slots_are_taken_as_such(original_checkpoint, tmp_path):
    arrays = {
        name: value
        for name, value in reading.tensors(original_checkpoint).items()
        if "/Adam" not in name and "_power" not in name
    }
    prefix = tmp_path / "weights.ckpt"
    reading.write(prefix, {**arrays, "global_step": np.int64(9)})
    done = call("train_mnist.py", *SHORT, "--restore", prefix, "--run-dir", tmp_path / "r")
    assert done.returncode == 0, done.stderr
    for words in ("fresh optimiser slots", "its global_step, which was added later"):
        assert words in done.stdout
    assert "resumed at step 1 of 2" in done.stdout  # pre-training lies behind it


def test_a_generator_alone_draws_and_says_that_it_has_no_judge(generator_alone, tmp_path):
    out = tmp_path / "drawn"
    args = ("--checkpoint", generator_alone, "--n", 4, "--out", out)
    done = call("sample.py", *args)
    assert done.returncode == 0, done.stderr
    assert f"restored {generator_alone} (it holds the generator alone)" in done.stdout
    assert (out / "grid.png").exists()
    assert "ask a discriminator" in refusal("sample.py", *args, "--scores")


def test_sample_says_which_checkpoint_it_draws_from(tmp_path, generator_alone):
    for path in generator_alone.parent.glob("gan.ckpt*"):
        shutil.copy(path, tmp_path / path.name)
    write_list(tmp_path, "/home/somebody/gan.ckpt")
    done = call("sample.py", "--checkpoint", tmp_path, "--n", 1, "--out", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    assert f"restored {tmp_path}/gan.ckpt" in done.stdout
    assert "names /home/somebody/gan.ckpt" in done.stdout
    assert done.stderr == ""
