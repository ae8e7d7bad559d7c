"""Commands in README and docs can be typed, and print what is shown.

Every command is one that the parsers take.

A block of `sh` that is followed by a block of `text` is run; `…` in the text stands for
anything. `<!-- not run: why -->` before a block says that it is not even parsed here.
"""

import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest
from script_runs import ROOT, call_path

from dcgan_v1 import commands

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
PAGES += sorted((ROOT / "pretrained").glob("*/README.md"))
BLOCK = re.compile(r"(<!-- not run: [^\n]+ -->\n)?^( *)```(\w*)\n(.*?)^ *```$", re.S | re.M)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
OF_OTHERS = {  # options of pip, make, pytest, git and of the programs that docs run
    *("--its", "--own", "--dataset", "--train", "--input_height", "--output_height", "--op"),
    *("--gan_type", "--crop", "--batch_size", "--checkpoint_dir", "--out_name", "--ckpt_freq"),
    *("--mode", "--input_dir", "--output_dir", "--max_steps", "--ngf", "--ndf", "--checkpoint"),
    *("--num-steps", "--phase", "--dataset_dir", "--epoch", "--img_size", "--iteration"),
    *("--fine_size", "--load_size", "--model_type", "--use_gpu"),
    *("--cat_codes", "--datasets", "--image_size"),
    *("--dim_z", "--n_hidden", "--num_epochs", "--input_scale_size", "--conv_hidden_num", "--PMLR"),
    *("--load_path", "--kills", "--limit", "--strict", "--version", "--framework"),
}


class Block(NamedTuple):
    page: Path
    kind: str
    text: str
    unchecked: bool


def blocks(page):
    return [
        Block(page, kind, text, bool(marker))
        for marker, _, kind, text in BLOCK.findall(page.read_text())
    ]


def inline(page):
    """What stands between single backticks, each on one line."""
    text = BLOCK.sub("", page.read_text())
    return [" ".join(words.split()) for words in INLINE.findall(text)]


def lines(text):
    """The command lines of a block, continued ones joined, without comments."""
    joined = text.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def parse(line):
    """Parses a command line of ours as it would be. Returns whether it is one."""
    words = shlex.split(line, comments=True)
    if words[:1] == ["dcgan-v1"] and len(words) > 1 and not words[1].startswith("-"):
        name, arguments = words[1].replace("-", "_"), words[2:]
    elif words[:1] == ["python"] and len(words) > 1 and "scripts/" in words[1]:
        name, arguments = Path(words[1]).stem, words[2:]
        assert (ROOT / "scripts" / f"{name}.py").is_file(), line
    else:
        return False
    assert name in commands.NAMES, line
    parser = import_module(f"dcgan_v1.commands.{name}").make_parser()
    parser.error = lambda message: pytest.fail(f"{line}: {message}")
    parser.parse_args(arguments)
    return True


def of_page(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.unit
@pytest.mark.parametrize("page", PAGES, ids=of_page)
def test_every_command_of_a_page_is_one_that_its_parser_takes(page):
    for block in blocks(page):
        if block.kind in ("", "sh") and not block.unchecked:
            for line in lines(block.text):
                known = parse(line) or line.split()[0] in ("make", "cd", "python")
                assert known, f"{of_page(page)} has {line!r}: mark its block as not run"


@pytest.mark.unit
@pytest.mark.parametrize("page", PAGES, ids=of_page)
def test_every_option_of_a_page_exists(page):
    options = {
        option
        for name in commands.NAMES
        for action in import_module(f"dcgan_v1.commands.{name}").make_parser()._actions
        for option in action.option_strings
    }
    for words in inline(page):
        named = set(re.findall(r"(?<![\w-])--[a-z][\w-]+", words)) - OF_OTHERS
        assert named <= options, (of_page(page), words)


@pytest.mark.unit
def test_every_file_that_a_page_names_exists():
    package = ROOT / "dcgan_v1"
    near = (ROOT, package, package / "migration", ROOT / "docs")
    near += (package / "migration" / "programs" / "families", package / "migration" / "runners/tf1")
    for page in PAGES:
        for words in inline(page):
            if "NAME" in words:
                continue
            script = re.match(r"(?:python )?((?:scripts|benchmarks)/\w+\.py)\b", words)
            if script:
                assert (ROOT / script[1]).is_file(), (of_page(page), words)
            elif re.fullmatch(r"(dcgan_v1|tests|docs|notebooks|pretrained)/[\w/.]+", words):
                assert (ROOT / words).exists(), (of_page(page), words)
            elif re.fullmatch(r"[a-z]\w+/[\w/]+\.(py|js)", words) and "path/to" not in words:
                assert any((folder / words).exists() for folder in near), (of_page(page), words)


@pytest.mark.unit
def test_the_map_of_the_code_names_what_exists():
    page = ROOT / "docs" / "explanation" / "architecture.md"
    package = ROOT / "dcgan_v1"
    near = (ROOT, package, package / "migration", package / "training")
    near += (package / "migration" / "runners", package / "migration" / "programs")
    near += (package / "migration" / "recordings", package / "migration" / "comparison")
    near += (package / "migration" / "runners/tf1", package / "migration" / "explanation")
    near += (package / "migration" / "programs/families",)
    for words in inline(page):
        if re.fullmatch(r"[\w/]+(/|\.py)", words):
            assert any((folder / words).exists() for folder in near), words
    named = {words.removeprefix("dcgan_v1/").rstrip("/") for words in inline(page)}
    parts = {path.name for path in package.iterdir() if not path.name.startswith(("_", "."))}
    assert parts - {"py.typed"} <= named


@pytest.mark.unit
def test_every_target_of_make_exists():
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        text = page.read_text()
        named = set(re.findall(r"^make ([\w-]+)", text, re.M)) | set(
            re.findall(r"`make ([\w-]+)`", text)
        )
        for target in named:
            assert re.search(rf"^{target}:", makefile, re.M), (of_page(page), target)


def shown(page):
    """(folder to be in, command lines, what they must print) of the blocks that are run."""
    folder, found, previous = "", [], None
    for block in blocks(page):
        if previous and previous.kind == "sh" and not previous.unchecked:
            typed = lines(previous.text)
            if typed[0].startswith("cd "):
                folder = typed.pop(0).split()[1]
            if block.kind == "text":
                found.append((folder, typed, block.text))
        previous = block
    return found


def cases():
    for page in PAGES:
        for folder, typed, printed in shown(page):
            trains = any("train" in line for line in typed)
            mark = pytest.mark.release if trains else pytest.mark.compare
            title = f"{of_page(page)}: {typed[0]}"
            yield pytest.param(folder, typed, printed, marks=mark, id=title)


@pytest.fixture
def clone(tmp_path):
    """A folder to be in that has what a clone has, and leaves the clone as it is."""
    for path in ROOT.iterdir():
        if path.name in ("dcgan_v1", "docs", "pretrained", "scripts", "tests"):
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


@pytest.mark.parametrize(("folder", "typed", "printed"), cases())
def test_a_block_that_shows_output_prints_it(folder, typed, printed, clone):
    out = ""
    for line in typed:
        _, script, *arguments = shlex.split(line)
        if Path(script).name == "compare.py":
            arguments += ["--quiet", "--timing-steps", "0"]
        done = call_path(ROOT / folder / script, *arguments, cwd=clone / folder)
        assert done.returncode in (0, 1), done.stderr
        out += f"{done.stdout}\n"
    out = " ".join(out.split())
    for line in printed.strip().splitlines():
        assert re.search(pattern_of(line), out), (line, out)


def pattern_of(line):
    """A regular expression of a line that is shown; processors differ in last digits."""
    parts = [re.escape(" ".join(part.split())) for part in line.split("…")]
    return re.sub(r"(\d\\\.\d{3})\d+", r"\1\\d*", ".*".join(parts))


@pytest.mark.unit
def test_the_worked_example_shows_its_files_and_ends_in_same():
    page = ROOT / "docs" / "guides" / "compare.md"
    port = (ROOT / "docs" / "compare_your_own" / "port.py").read_text()
    shown_code = next(b.text for b in blocks(page) if b.kind == "python")
    assert shown_code.strip() in port
    *_, (_, typed, printed) = shown(page)
    assert "port.py:third" in typed[-1] and "\nsame: " in printed
