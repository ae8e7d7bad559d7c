"""What stands around an old program: its streams, its own packages, numpy 1 and Python 2."""

import errno
import io
import os
import sys
import types
import zlib

import numpy as np
import pytest

from dcgan_v1.commands import cli
from dcgan_v1.errors import UserError
from dcgan_v1.migration.programs import python2_names, running, stand_ins, workplace
from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families.packages import numpy_arithmetic, numpy_functions
from dcgan_v1.migration.programs.program import Program

pytestmark = pytest.mark.unit


def test_a_programs_streams_are_its_own_until_it_ends(tmp_path, monkeypatch):
    kept = sys.stdout, sys.stderr, sys.excepthook
    log = tmp_path / "log.txt"

    def program():
        sys.stdout, sys.stderr, sys.excepthook = log.open("w"), None, print
        print("of the program")
        raise SystemExit(0)

    monkeypatch.setattr(running, "_await_threads", lambda _: None)
    monkeypatch.setattr("dcgan_v1.migration.programs.failures.of_threads", lambda _: None)
    monkeypatch.setattr(running, "_stop_main_thread_later", lambda _: None)
    running._run(types.SimpleNamespace(run=program), types.SimpleNamespace(done=False))
    assert (sys.stdout, sys.stderr, sys.excepthook) == kept
    assert log.read_text() == "of the program\n"


@pytest.mark.parametrize("name", ["tqdm", "cv2", "imageio", "colorlog", "pandas"])
def test_a_package_that_a_program_brings_is_its_own(tmp_path, name):
    (tmp_path / "main.py").write_text("")
    facades = {name: Facade(name), "numpy": Facade("numpy")}
    assert name in Program(tmp_path / "main.py", facades).facades
    (tmp_path / f"{name}.py").write_text("")
    assert name not in Program(tmp_path / "main.py", facades).facades
    assert set(stand_ins.modules()) <= stand_ins.NAMES


def test_a_package_that_is_loaded_is_not_the_one_that_a_program_brings(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "tqdm.py").write_text("OWN = 'own'")
    (tmp_path / "main.py").write_text("import tqdm\nfound = tqdm.OWN")
    Program(tmp_path / "main.py", {"tqdm": Facade("tqdm")}).run()
    assert sys.modules["__main__"].found == "own"


@pytest.mark.parametrize(
    ("number", "of", "said"),
    [
        (errno.EACCES, "original", "cannot copy {original}: Permission denied"),
        (errno.EACCES, "shown", "cannot write {shown}: Permission denied"),
        (errno.ENOSPC, "original", "cannot write {shown}: No space left on device"),
    ],
)
def test_the_file_that_failed_is_named(tmp_path, monkeypatch, number, of, said):
    paths = {"original": tmp_path / "a" / "main.py", "shown": tmp_path / "run" / "main.py"}
    paths["original"].parent.mkdir()
    paths["original"].touch()

    def copy(*_):
        raise OSError(number, os.strerror(number), str(paths[of]))

    monkeypatch.setattr("shutil.copy2", copy)
    with pytest.raises(UserError) as error:
        workplace.make(tmp_path / "a", tmp_path / "run")
    assert str(error.value) == said.format(**paths)


def test_a_full_disk_names_what_a_command_writes(monkeypatch, capsys):
    parser = cli.parser("of a test")
    for name in ("--run-dir", "--record", "--data-dir"):
        parser.add_argument(name)

    def write(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(SystemExit):
        cli.main(write, parser, ["--run-dir", "r", "--record", "rec", "--data-dir", "d"])
    said = capsys.readouterr().err
    assert said == "error: No space left on device, writing --run-dir r or --record rec\n"


@pytest.mark.parametrize(("length", "shape"), [(31, None), (32, (32, 1, 3)), (33, (33, 1, 3))])
def test_a_list_of_as_many_lists_as_an_array_has_dimensions_is_an_array(length, shape):
    key = numpy_arithmetic.index(np.zeros((60, 3)), [[0]] * length)
    assert isinstance(key, tuple) if shape is None else np.zeros((60, 3))[key].shape == shape


def test_a_number_that_a_files_head_holds_is_a_length_as_it_was_to_numpy_of_2015(rng):
    """kvfrans/variational-autoencoder: its copy of TensorFlow's first reader of MNIST."""
    count, rows, columns = map(int, rng.integers(2, 9, 3))
    pixels = rng.integers(0, 256, (count, rows, columns, 1), np.uint8)
    file = io.BytesIO(np.array([2051, count, rows, columns], ">i4").tobytes() + pixels.tobytes())
    frombuffer = numpy_functions.NAMES["frombuffer"]

    def read32():
        return frombuffer(file.read(4), dtype=np.dtype(np.uint32).newbyteorder(">"))

    assert (magic := read32()) == 2051 and int(magic) == 2051
    n, h, w = read32(), read32(), read32()
    images = frombuffer(file.read(h * w * n), dtype=np.uint8).reshape(n, h, w, 1)
    np.testing.assert_array_equal(images, pixels)
    assert [*range(n)] == [*range(count)] and str(int(n)) == str(count)


def test_what_is_worked_out_of_such_a_number_and_is_none_is_an_array_like_any_other():
    read = numpy_functions.NAMES["frombuffer"]
    one, two = read(b"\x03", np.uint8), read(b"\x03\x04", np.uint8)
    assert type(one * 2 + 1) is type(one) and [*"abcdefgh"][one * 2 + 1] == "h"
    assert {type(x) for x in (two, one * two, one * 0.5, one == 3)} == {np.ndarray}
    assert type(read(b"\0\0\0\0", np.float32)) is np.ndarray and type(one.sum()) is np.uint64
    with pytest.raises(TypeError, match="scalar index"):
        range(two)
    with pytest.raises(TypeError, match="scalar index"):
        range(one.astype(float))
    with pytest.raises(TypeError, match="scalar index"):
        range(np.concatenate([one, one]))


def test_lists_of_arrays_are_compared_as_numpy_1_did():
    """Seen on numpy 1.15 or later, beside TensorFlow 1.15: those of other shapes differ."""
    equal = numpy_arithmetic.FUNCTIONS["eq"]
    with pytest.raises(ValueError, match="truth value"):
        equal([np.array([1, 2])], [np.array([1, 2])])
    assert equal([np.array([1, 2])], [np.array([1, 2, 3])]) is False
    assert equal(np.array([1, 2]), [1, 2, 3]) is False


def test_a_text_of_python_2_is_decoded_by_what_is_no_alphabet():
    def decoded(text, *coding):
        return python2_names.attribute(text, "decode")(*coding)

    assert decoded("6869", "hex") == decoded("aGk=", "base64") == decoded("uv", "rot13") == "hi"
    assert decoded(zlib.compress(b"hi").decode("latin1"), "zlib") == "hi"
    assert decoded("a\\n", "string_escape") == "a\n"
    assert decoded("é") == decoded("é", "utf-8") == decoded("é", "latin1", "ignore") == "é"
    with pytest.raises(AttributeError):
        python2_names.attribute("text", "message")
    assert python2_names.attribute(ValueError("why"), "message") == "why"
