"""Arguments nobody would type: a script ends with one line of error and has written nothing."""

import contextlib
import io
import sys
from importlib import import_module

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from script_runs import ROOT

from dcgan_v1 import commands
from dcgan_v1.commands import cli
from dcgan_v1.errors import UserError

pytestmark = pytest.mark.cli

VALUES = st.one_of(
    st.sampled_from(
        (
            "",
            " ",
            "-",
            "--",
            "-1",
            "0",
            "1",
            "8",
            "nan",
            "inf",
            "1e999",
            "9" * 400,
            "../there",
            "/dev/null",
            "/dev/zero",
            "/",
            "{}",
            "%s",
            "none",
            "square",
            "0x0",
            "synthetic",
            "a" * 5000,
            "\x1b[31m",
            "x\ny",
            "\udcff",
            "mnist_keras",
            "tf2",
        )
    ),
    st.text(max_size=8),
)


def command_lines(module):
    """Strategies of argument lists: options with values that are mostly of no use."""
    parts, required = [VALUES.map(lambda value: [value])], []
    for action in module.make_parser()._actions:
        values = VALUES
        if action.choices:
            values = st.one_of(st.sampled_from(list(action.choices)), VALUES)
        if action.dest in ("debug", "download"):
            continue
        if not action.option_strings:
            required.append(values.map(lambda value: [value]))
            continue
        count = 0 if action.nargs == 0 else action.nargs or 1
        count = 1 if count == "?" else count
        part = st.lists(values, min_size=count, max_size=count).map(
            lambda given, option=action.option_strings[0]: [option, *given]
        )
        (required if action.required else parts).append(part)
    others = st.lists(st.one_of(parts), max_size=3)
    return st.tuples(st.tuples(*required), others).map(
        lambda both: [word for part in (*both[0], *both[1]) for word in part]
    )


@pytest.fixture
def nothing_starts(monkeypatch):
    """What would take long, were the arguments in order after all."""
    from dcgan_v1 import sample
    from dcgan_v1.commands import explore
    from dcgan_v1.data import image_dataset
    from dcgan_v1.metrics import classifier, model_evaluation
    from dcgan_v1.migration.comparison import pipeline
    from dcgan_v1.migration.programs import running
    from dcgan_v1.migration.recordings import recorder_file
    from dcgan_v1.training import train

    def refuse(*_, **__):
        raise UserError("the arguments are in order")

    monkeypatch.setattr(train, "train", refuse)
    monkeypatch.setattr(classifier, "train", refuse)
    monkeypatch.setattr(model_evaluation, "evaluate", refuse)
    monkeypatch.setattr(pipeline, "run", refuse)
    monkeypatch.setattr(running, "run", refuse)
    monkeypatch.setattr(image_dataset, "load", refuse)
    monkeypatch.setattr(recorder_file, "text", refuse)
    monkeypatch.setattr(explore, "look_into", refuse)
    monkeypatch.setattr(sample, "open_sampler", refuse)


@pytest.mark.parametrize("script", commands.NAMES)
def test_any_command_line_ends_in_one_line(script, nothing_starts, tmp_path, monkeypatch):
    module = import_module(f"dcgan_v1.commands.{script}")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sys, "argv", [script])

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(argv=command_lines(module))
    def run(argv):
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            cli.main(module.main, module.make_parser(), argv)
        if ended.value.code == 0:
            assert "usage:" in out.getvalue(), argv
            return
        assert ended.value.code == 2, (argv, err.getvalue())
        assert err.getvalue().startswith("error: "), (argv, err.getvalue())
        assert err.getvalue().count("\n") == 1, (argv, err.getvalue())
        left = [p for p in tmp_path.rglob("*") if p.is_file()]
        assert not left, (argv, left)

    run()


@pytest.mark.unit
def test_every_command_has_a_script_and_every_script_a_command():
    scripts = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))
    assert scripts == list(commands.NAMES)
    for name in scripts:
        command = import_module(f"dcgan_v1.commands.{name}")
        text = (ROOT / "scripts" / f"{name}.py").read_text()
        assert text.startswith(f'"""{command.__doc__}"""')  # what --help begins with
        assert f'run("{name}")' in text and len(text.splitlines()) < 20


@pytest.mark.unit
@pytest.mark.parametrize("word", commands.TOOLS)
def test_a_command_that_became_a_tool_says_where_it_is(word, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["dcgan-v1", word, "--run-dir", "a"])
    with pytest.raises(SystemExit) as ended:
        commands.entry()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    path = f"tools/{word.replace('-', '_')}.py"
    assert path in error and error.count("\n") == 1 and (ROOT / path).is_file()
