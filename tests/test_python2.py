"""Programs of Python 2 run as Python 2 ran them."""

import pickle

import pytest
from old_programs import digest, run, written

from dcgan_v1.migration.programs import python2

pytestmark = pytest.mark.cli
PYTHON2 = """
import cPickle
import tensorflow as tf
from helper import half

print "halves", 7 / 2, half(9)
for i in xrange(2):
    print "turn", i
print sorted({"b": 1, "a": 2}.iteritems())
with open("old.pkl") as file:
    print cPickle.load(file)["x"]
x = tf.placeholder(tf.float32, [4, 8 / 2])
print tf.mul(x, x).get_shape()
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "program"
    made.mkdir()
    return made


def test_python_2_runs_as_python_2_did_and_its_folder_stays_as_it_is(folder):
    (folder / "old.pkl").write_bytes(pickle.dumps({"x": "text"}, protocol=2))
    written(folder, "helper.py", "def half(n):\n\treturn n / 2\n")
    program = written(folder, "main.py", PYTHON2)
    before = digest(folder)
    done = run(program)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "halves 3 4" in done.stdout
    assert "turn 1" in done.stdout
    assert "[('a', 2), ('b', 1)]" in done.stdout
    assert "\ntext\n" in done.stdout
    assert "(4, 4)" in done.stdout
    assert digest(folder) == before


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "is_old"),
    [
        ("print 'x'\n", True),
        ("for i in xrange(3): pass\n", True),
        ("# this takes long (3 hours)\nx = 'xrange(3)'\n", False),
        ("from six.moves import xrange\nxrange(3)\n", False),
        ("import cPickle\n", True),
        ("try:\n    import cPickle\nexcept ImportError:\n    import pickle\n", False),
    ],
)
def test_python_2_is_told_by_its_code_alone(text, is_old):
    assert python2.is_python2(text) is is_old


def test_numbers_are_divided_and_rounded_as_python_2_did(folder):
    done = run(
        written(
            folder,
            "main.py",
            """
import numpy as np
class A(object): pass
a = A()
a.n = 7; a.n /= 2
d = {"n": 9}; d["n"] /= 2
x = np.ones(3) * 510
def halve(y): y /= 255.
halve(x)
print a.n, d["n"], x.tolist(), round(2.5), round(-2.5), 7 / 2., sorted([2, 1], cmp)
import string, cPickle
print string.join(["a", "b"], "-"), string.letters[:2]
cPickle.dump([1], open("p.pkl", "w"))
print cPickle.load(open("p.pkl"))
""",
        )
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 4 [2.0, 2.0, 2.0] 3.0 -3.0 3.5 [1, 2]" in done.stdout
    assert "a-b ab\n[1]" in done.stdout
    assert "read as Python 2" in done.stdout


def test_python_2_sorts_by_a_comparison_numpy_as_it_does_and_nonzero_is_truth(folder):
    text = """
import sys
reload(sys)
sys.setdefaultencoding("utf-8")
import numpy as np
class Empty(object):
    def __nonzero__(self): return False
    def __div__(self, other): return "divided"
    def __unicode__(self): return u"nothing"
try:
    raise ValueError, "why"
except ValueError, error:
    print error.message, "a text".decode("utf-8"), Empty() / 2, unicode(Empty())
class Both(object):
    def __nonzero__(self): return False
    __bool__ = __nonzero__
print "truth", bool(Empty()), bool(Both())
words = ["bb", "a", "ccc"]
words.sort(lambda a, b: cmp(len(b), len(a)))
print words, sorted([3, 1, 2], lambda a, b: b - a), sorted({"x": 1, "a": 2}.keys())
words.sort(key=len, reverse=True)
values = np.array([3, 1, 2])
values.sort()
print words, values, np.sort({5: 1, 4: 2}.keys())
"""
    done = run(written(folder, "main.py", text))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "why a text divided nothing\ntruth False False" in done.stdout
    assert "['ccc', 'bb', 'a'] [3, 2, 1] ['a', 'x']" in done.stdout
    assert "['ccc', 'bb', 'a'] [1 2 3] [4 5]" in done.stdout


@pytest.mark.unit
def test_python_2_is_seen_in_packages_above_the_program(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "model.py").write_text("for i in xrange(3): pass\n")
    text = "from package.model import x\n"
    assert not python2.program_is_python2([tmp_path / "launchers"], text)
    assert python2.program_is_python2([tmp_path / "launchers", tmp_path], text)


@pytest.mark.unit
def test_python_2_is_seen_in_folders_that_the_program_adds_to_its_path(tmp_path):
    (tmp_path / "utils").mkdir()
    (tmp_path / "utils" / "data.py").write_text("print 'read'\n")
    for call in ("append('utils')", 'insert(0, "utils")'):
        text = f"import sys\nsys.path.{call}\nfrom data import *\n"
        assert python2.program_is_python2([tmp_path], text)
    assert not python2.program_is_python2([tmp_path], "from data import *\n")


@pytest.mark.unit
def test_modules_that_each_add_the_folder_above_are_looked_for_in_few_places(tmp_path, monkeypatch):
    for i in range(20):
        text = f"import sys\nsys.path.append('..')\nimport m{i + 1}\n"
        (tmp_path / f"m{i}.py").write_text(text)
    (tmp_path / "m20.py").write_text("")
    asked, is_file = [], type(tmp_path).is_file

    def counted(path):
        asked.append(path)
        return is_file(path)

    monkeypatch.setattr(type(tmp_path), "is_file", counted)
    assert not python2.program_is_python2([tmp_path], "import m0\n")
    assert len(asked) < 100
    (tmp_path / "m20.py").write_text("print 'read'\n")
    assert python2.program_is_python2([tmp_path], "import m0\n")


def test_python_2_looks_for_a_module_beside_the_one_that_imports_it(folder):
    (folder / "models").mkdir()
    written(folder / "models", "__init__.py", "from net import depth\nimport os\n")
    written(folder / "models", "net.py", "import base\ndepth = base.DEPTH\n")
    written(folder / "models", "base.py", "DEPTH = 7\n")
    done = run(written(folder, "main.py", "import models\nprint 'depth', models.depth\n"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "depth 7" in done.stdout
