"""Map files that do not fit are refused as they are read."""

import re

import pytest
from compared_program import META, refused, write_program

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching import identify, map_file
from dcgan_v1.migration.matching.map_file import VariableRow
from dcgan_v1.migration.records import PortInfo, Tf1Info, Variable

pytestmark = pytest.mark.compare


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_program(tmp_path_factory.mktemp("program"))


ROW = '[[variables]]\ntf1 = "fc/w"'


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('[[variables]]\ntf1 = "fc/q"\nport = "m/fc/kernel"', "the TF1 has not: fc/"),
        ('[step]\nruns = [["nowhere"]]', "the graph has no op nowhere"),
        ('[step]\ndropouts = ["q"]', "dropouts has q, which TF1 draws for no dropout"),
        ('[inputs]\nx = "q"', "the map gives the port's x q, which the TF1"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(folder, tmp_path, lines, message):
    path = tmp_path / "map.toml"
    path.write_text(lines)
    assert message in refused(folder, *META, "port.py:new", "--map", path)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[nonsense]", "has [nonsense]; a map has [inputs]"),
        (ROW, "needs tf1 and port"),
        ('[step]\nrun = [["train"]]', "[step] has run; it takes runs"),
        ('[step]\ndropouts = "q"', "[step] dropouts is a list of names"),
        (
            ROW + '\nport = "m/fc/kernel"\nlayouts = "plain"',
            "a [[variables]] has layouts; it takes tf1, port, layout",
        ),
        ('[variables]\ntf1 = "fc/w"', "variables are tables of their own, [[variables]]"),
    ],
)
def test_a_map_that_is_none_is_refused_as_it_is_read(tmp_path, lines, message):
    path = tmp_path / "map.toml"
    path.write_text(lines)
    with pytest.raises(UserError, match=re.escape(message)):
        map_file.read(path)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("fc/b", "m/fc/kernel", ""), "the shapes do not fit"),
        (("fc/w", "m/fc/kernel", "upside down"), "the map has the layout"),
        (("fc/w", "m/fc/kernel", "folded rows 1x2x2x4"), "the shapes do not fit"),
    ],
)
def test_a_row_of_a_map_that_does_not_fit_is_refused(row, message):
    old = Tf1Info(variables={"fc/w": Variable([4, 3]), "fc/b": Variable([3])})
    new = PortInfo(variables={"m/fc/kernel": Variable([4, 3]), "m/fc/bias": Variable([3])})
    with pytest.raises(UserError, match=message):
        identify.identify(old, new, [VariableRow(*row)])
