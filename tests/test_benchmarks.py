"""The benchmarks: what is counted, who is timed, and that the commands run."""

import json
import subprocess
import sys

import pytest
from script_runs import ENVIRONMENT, ROOT

from benchmarks import contenders, flops, gpu, gpu_page, table, timeline, train_step
from dcgan_v1.systems import SYSTEMS


@pytest.mark.unit
def test_a_layers_operations_are_two_for_each_product():
    # 14x14 places, 25 taps, 3 channels, 64 filters
    assert flops.conv(14, 5, 3, 64) == 2 * 196 * 25 * 3 * 64 == 1_881_600
    assert flops.linear(100, 12544) == 2_508_800


@pytest.mark.unit
@pytest.mark.parametrize(
    ("model", "g", "d", "step"),
    [
        # G 2508800 + 80281600 + 20070400 + 627200; D 627200 + 20070400 + 12544.
        # G forwards and both gradients: 3 G - its first. D twice: 3 D - its first; and the
        # first's gradient by the fakes.
        ("mnist_tutorial", 103_488_000, 20_710_144, 431_588_864),
        # G 2508800 + 80281600 + 20070400 * 2 + 1254400; the step of three calls is
        # G + 2 (3 D - first) + (3 G - first) + 2 D
        ("mnist_keras", 124_185_600, 20_710_144, 658_660_352),
        # G 627200 + 705600 + 28*28*4*50*25*2 + 28*28*25*2; D 1254400 + 20070400 + 6422528 + 2048
        ("mnist_beginners", 9_212_000, 27_749_376, 255_707_008),
        # four convolutions 419430400 + 419430400 + 419430400 + 19660800 in each;
        # 2 (3 D - first) + (3 G - first) + 2 D
        ("celeba64", 1_281_228_800, 1_277_984_768, 14_024_966_144),
        # 1638400 + 67108864 * 3 + 9830400; D has 16384 for 1638400
        ("images96", 212_795_392, 211_173_376, 2_306_473_984),
    ],
)
def test_operations_of_a_step_are_those_counted_by_hand(model, g, d, step):
    networks, _ = flops.MODELS[model]
    assert tuple(network.forward for network in networks()) == (g, d)
    assert flops.of_step(model) == step


@pytest.mark.unit
def test_every_system_is_counted_and_has_tf2_and_a_source():
    assert set(flops.MODELS) == set(SYSTEMS)
    for model in SYSTEMS:
        names = train_step.against(model)
        assert "tf2" in names and contenders.SOURCES.get(model, "source_loop") in names
        assert not train_step.refusal(model, names)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("model", "name", "complaint"),
    [
        ("images96", "keras", "images96 has no contender 'keras'; it has tf2,"),
        ("mnist_keras", "source_loop", "its source's loop is 'keras' here; it has tf2,"),
        ("mnist_tutorial", "torch", "mnist_tutorial has no contender 'torch'"),
        ("celeba64", "jax", "there is no contender 'jax'"),
    ],
)
def test_a_contender_that_a_system_has_not_is_refused_by_name(
    model, name, complaint, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "argv", ["train_step.py", "--model", model, "--against", name])
    with pytest.raises(SystemExit) as end:
        train_step.main()
    assert end.value.code == 2 and complaint in capsys.readouterr().err


@pytest.mark.unit
def test_a_row_of_the_table_has_ranges_rates_and_every_contender():
    row = {"ms": [2, 1, 3], "images_per_second": [50.0, 40.0, 60.0], "of_product": 0.5}
    ours = {"contender": "ours", "ratio": [1, 1, 1], **row}
    other = {"contender": "torch", "ratio": [1.25, 1.2, 1.3], **row}
    record = {"model": "images96", "batch_size": 64, "instructions": "AVX2", "product": 80e9}
    cells = table.line({**record, "rows": [ours, other]}).split("|")
    assert [cell.strip() for cell in cells[1:-1]] == [
        "images96, batch 64",
        "AVX2",
        "50.0 (40.0-60.0)",
        "80 GFLOP/s",
        "50%",
        "-",
        "torch 1.25 (1.20-1.30)",
        "-",
        "-",
    ]
    assert table.heading().splitlines()[0].count("|") == len(cells) - 1


@pytest.mark.unit
def test_a_timeline_adds_up_by_type_and_by_op():
    taken = [
        {("Conv2D", "a"): 1000, ("Conv2D", "b"): 4000, ("Relu", "c"): t} for t in (1, 5e3, 9e3)
    ]
    lines = timeline.tables(timeline.medians(taken), top=2)
    assert lines[0] == "all ops together: 10.0 ms"
    assert "| Conv2D | 2 | 5.00 | 50.0% |" in lines and "| b | Conv2D | 4.00 | 40.0% |" in lines


@pytest.mark.cli
@pytest.mark.release
@pytest.mark.parametrize("model", SYSTEMS)
def test_one_command_times_all_a_system_has(model, tmp_path):
    words = [sys.executable, "benchmarks/table.py", "--systems", model, "--batch-size", "2"]
    words += ["--rounds", "1", "--steps", "1", "--json", str(tmp_path / "table.json")]
    done = subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    records = json.loads((tmp_path / "table.json").read_text())["records"]
    timed = {row["contender"] for row in records[0]["rows"]}
    assert {"ours", "tf2"} <= timed <= {"ours", *train_step.against(model)}


@pytest.mark.cli
@pytest.mark.release
def test_the_timeline_of_a_step_names_its_convolutions():
    words = [sys.executable, "benchmarks/timeline.py", "--batch-size", "2", "--steps", "1"]
    done = subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Conv2DBackpropInput" in done.stdout and "all ops together" in done.stdout


@pytest.mark.cli
@pytest.mark.release
def test_a_sitting_on_a_gpu_runs_dry_on_the_cpu_and_gives_its_page(tmp_path):
    figures = tmp_path / "gpu.json"
    words = [sys.executable, "benchmarks/gpu.py", "--dry-run", "--json", str(figures), "--page"]
    words += ["--systems", "mnist_tutorial"]
    done = subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    pieces = json.loads(figures.read_text())
    assert set(pieces) == {*gpu.PIECES, "seconds"}
    assert {row["contender"] for row in pieces["steps"][0]["rows"]} == {"ours", "tf2"}
    assert "subpixel" in pieces["forms"][0]["variants"]
    assert set(pieces["precision"][0]["variants"]) == set(gpu.PRECISIONS)
    deterministic = pieces["determinism"][0]
    assert deterministic["flags"] == ["--deterministic"] and deterministic["apart"] == 0
    assert pieces["workers"]["code"] == 0 and pieces["comparison"]["code"] == 0
    for heading in gpu_page.HEADINGS.values():
        assert f"### {heading} (" in done.stdout
