"""A program is recorded here and on TensorFlow 1.15 alike; recordings are data, replayed here."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from marks import TF1_15
from script_runs import call

from dcgan_v1.commands import write_recorder
from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings import recorder_file
from dcgan_v1.migration.recordings.tf1_recorder.run_contents import Contents
from dcgan_v1.migration.recordings.tf1_recorder.steps import whole_steps
from dcgan_v1.migration.recordings.tf1_recording import Recording

pytestmark = pytest.mark.compare

ROOT = Path(__file__).resolve().parents[1]
LEGACY = ROOT / "tests" / "legacy"
QUICK = ("--dtype", "float64", "--timing-steps", 0, "--quiet")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """small_gan.py, recorded by run_legacy.py for three whole steps."""
    made = tmp_path_factory.mktemp("recorded")
    done = call(
        "run_legacy.py",
        "--run-dir",
        made / "run",
        "--record",
        made / "rec",
        "--whole-steps",
        3,
        LEGACY / "small_gan.py",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return made / "rec"


def words(text):
    return " ".join(text.split())


def test_a_recording_holds_what_each_run_was_fed_drew_and_gave(recorded):
    found = Recording(recorded)
    assert found.runs == [["Adam"], ["Adam_1"]]
    assert found.steps == [[0, 1], [2, 3], [4, 5]]
    assert found.made_on["tensorflow"].startswith("2.")
    first = found.run(0)
    assert first["feed/x"].shape == (8, 4)
    assert first["fetch/add"].shape == ()
    draws = [key for key in first if key.startswith("draw/")]
    assert len(draws) == 2  # dropout of the real and of the drawn
    assert {k.partition("|")[0] for k in first if k.startswith("gradient/")} == {
        "gradient/d/w",
        "gradient/d/b",
        "gradient/d/v",
    }
    fed = found.fed
    assert fed["z"].shape == fed["z@2"].shape == (3, 8, 3)
    assert not np.array_equal(fed["z"], fed["z@2"])
    assert "x@2" not in fed  # the same in both runs
    assert found.modes().keys() == {"train", "keep"}
    with np.load(recorded / "after.npz") as after:
        assert found.values.keys() == set(after.files)
        assert not np.array_equal(found.values["d/w"], after["d/w"])


def test_a_recorded_program_and_its_port_are_the_same(recorded):
    done = call("compare.py", "--recording", recorded, f"{LEGACY}/small_gan_port.py:new", *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    said = words(done.stdout)
    assert "input z@2 float64 [8, 3] -> z_2" in said
    # on the same TensorFlow the replay is the recording, bit for bit
    assert "gradients of later runs: 0.0e+00 apart" in said
    assert "weights at the end: 0.0e+00 apart" in said


@pytest.mark.smoke
def test_from_an_unmodified_program_to_a_verdict_in_one_command(tmp_path):
    done = call(
        "compare.py",
        "--program",
        LEGACY / "small_gan.py",
        f"{LEGACY}/small_gan_port.py:other_decay",
        "--steps",
        2,
        *QUICK,
        "--report",
        tmp_path / "out",
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a step keeps 0.9801 (0.99 in each of 2 passes) of the average, in TF1 0.81" in words(
        done.stdout
    )
    page = (tmp_path / "out" / "report.html").read_text()
    assert "As it was recorded, and here" in page


def test_a_recording_is_replayed_without_a_port(recorded):
    done = call("compare.py", "--recording", recorded)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 steps in float32" in done.stdout
    assert "slots at the end: 0.0e+00 apart" in done.stdout


def test_asking_for_more_steps_than_were_recorded_is_refused(recorded):
    done = call(
        "compare.py",
        "--recording",
        recorded,
        f"{LEGACY}/small_gan_port.py:new",
        "--steps",
        9,
        *QUICK,
    )
    assert done.returncode == 2
    assert "has 3 whole steps, not 9" in done.stderr


@pytest.mark.parametrize(
    "broken", ["unfinished", "none", "format", "pickle", "text", "types", "steps"]
)
def test_what_is_no_recording_is_refused_and_no_pickle_is_read(recorded, tmp_path, broken):
    folder = tmp_path / "rec"
    shutil.copytree(recorded, folder)
    if broken == "unfinished":
        (folder / "recording.json").unlink()
    elif broken == "none":
        shutil.rmtree(folder)
    elif broken == "format":
        (folder / "recording.json").write_text(json.dumps({"format": 99}))
    elif broken in ("types", "steps"):
        told = json.loads((folder / "recording.json").read_text())
        told |= {"made on": [1]} if broken == "types" else {"steps": [[0, 1], [99]]}
        (folder / "recording.json").write_text(json.dumps(told))
    elif broken == "text":
        (folder / "recording.json").write_text("{")
    else:
        np.savez(folder / "before.npz", x=np.array([object()], object))
    with pytest.raises(UserError) as error:
        _ = Recording(folder).values
    said = {
        "unfinished": "is not complete",
        "none": "is none",
        "text": "is no JSON",
        "format": "another format",
        "types": "do not fit",
        "steps": "do not fit",
        "pickle": "is not an .npz of arrays",
    }
    assert said[broken] in str(error.value)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("kinds", "alone", "steps"),
    [
        ("DGDGDG", False, [[0, 1], [2, 3], [4, 5]]),
        ("DGGDGGD", False, [[0, 1, 2], [3, 4, 5]]),
        ("DDDDDGDDDDDG", False, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]),
        ("DDD", True, [[0], [1], [2]]),
        ("DDD", False, []),
        ("DG", False, []),
        ("DGDDG", False, [[0, 1]]),
        ("D" * 200, False, [[i] for i in range(200)]),
        ("", False, []),
    ],
)
def test_a_step_begins_where_the_first_kind_comes_again(kinds, alone, steps):
    assert whole_steps(list(kinds), alone) == steps


@pytest.mark.unit
@pytest.mark.parametrize(
    ("kinds", "alone", "lengths"),  # c: a clip, which trains nothing
    [
        ("DcDcDcGDcDcDcGD", False, [7, 7]),
        ("DcDcDcGcDcDcDcGcD", False, [8, 8]),  # clipped before the update
        ("DcDc", False, []),
        ("Dc" * 200, False, [2] * 200),  # nothing else comes
        ("DcDcD", True, [2, 2]),  # there is nothing else
        ("DDcDDcD", True, [3, 3]),
        ("DDDDDDGDDDDDGD", False, [7]),  # one more of D's before the first of G's
        ("DGDHDGDHD", False, [4, 4]),
        ("DGDGHDGDGHD", False, [5, 5]),
        ("DGDGH", False, []),
        ("DGDGD", False, [2, 2]),
    ],
)
def test_a_step_goes_on_until_something_else_was_trained_too(kinds, alone, lengths):
    steps = whole_steps(list(kinds), alone, {"c"})
    assert [len(step) for step in steps] == lengths
    assert [i for step in steps for i in step] == list(range(sum(lengths)))


@pytest.mark.unit
def test_a_run_is_recorded_with_all_that_it_assigns_and_without_what_it_reads():
    with tf.Graph().as_default():
        weight = tf.get_variable("w", [2], use_resource=False)
        average = tf.get_variable("m", [2], use_resource=False, trainable=False)
        clips = [tf.assign(v, tf.clip_by_value(v, -1.0, 1.0)) for v in (weight, average)]
        contents = Contents([*(c.op for c in clips), tf.reduce_sum(weight).op])
    assert contents.targets == [c.op.name for c in clips]
    assert (contents.kind, contents.applies) == ({clips[0].op.name}, [])


@pytest.mark.unit
def test_steps_are_the_shortest_period_of_drawn_runs():
    rng = np.random.default_rng(0)
    for _ in range(300):
        critic = ["D", "Dc", "DDc"][rng.integers(3)] * rng.integers(1, 6)
        others = ["G", "GG", "GH", "Gc", f"G{critic}H"][rng.integers(5)]
        kinds = (critic + others) * 3 + critic[: rng.integers(1, len(critic) + 1)]
        period = next(
            p for p in range(2, len(kinds)) if kinds.startswith(kinds[p:]) and "G" in kinds[:p]
        )
        steps = whole_steps(list(kinds), False, {"c"})
        assert [len(s) for s in steps] == [period] * (len(kinds) // period), kinds
        for seen in range(len(kinds)):  # a recorder stops when it has two
            early = whole_steps(list(kinds[:seen]), False, {"c"})
            if len(early) > 1:
                assert early == steps[:2], kinds
                break


@pytest.mark.unit
@pytest.mark.parametrize("kind", ["tf1", "port"])
def test_a_recorder_is_written_where_nothing_is(kind, tmp_path, capsys):
    words = write_recorder.make_parser().parse_args(["--of", kind, str(tmp_path / "rec.py")])
    assert write_recorder.main(words) == 0
    assert (tmp_path / "rec.py").read_text() == recorder_file.text(f"{kind}_recorder")
    assert "python rec.py --record" in capsys.readouterr().out
    with pytest.raises(UserError, match="is there already"):
        write_recorder.main(words)


@pytest.mark.unit
def test_the_recorder_is_one_file_in_the_language_of_python_3_5():
    tree = ast.parse(recorder_file.text("tf1_recorder"), feature_version=(3, 5))
    nodes = list(ast.walk(tree))
    modules = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    modules |= {str(n.module) for n in nodes if isinstance(n, ast.ImportFrom)}
    packages = {name.partition(".")[0] for name in modules}
    assert packages - sys.stdlib_module_names == {"numpy", "tensorflow"}
    assert not any(isinstance(node, ast.JoinedStr) for node in nodes)


@pytest.mark.release
@pytest.mark.tf115
def test_a_recording_of_1_15_is_compared_and_its_distance_said(tmp_path):
    shutil.copy(LEGACY / "small_gan.py", tmp_path)
    recorder_file.write(
        "tf1_recorder", tmp_path / "recorder.py"
    )  # taken to where the old program lives
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TF")}
    done = subprocess.run(
        [TF1_15, "-m", "recorder", "--record", "rec", "--steps", "6", "small_gan.py"],
        cwd=tmp_path,
        env={**clean, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    done = call(
        "compare.py", "--recording", tmp_path / "rec", f"{LEGACY}/small_gan_port.py:new", *QUICK
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recorded on TensorFlow 1.15.5" in done.stdout
    rows = [line for line in done.stdout.splitlines() if " apart at most (" in line]
    apart = [float(line.partition(": ")[2].split()[0]) for line in rows]
    assert len(apart) == 7
    assert max(apart) < 1e-5
