"""A recorder that is written out as one file: its parts share one set of names."""

import ast
from collections import Counter

import pytest

from dcgan_v1.migration.recordings import recorder_file

pytestmark = pytest.mark.unit


def defined(statement):
    """Names that a statement at the top of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]


@pytest.mark.parametrize("recorder", sorted(recorder_file.PARTS))
def test_no_part_of_a_recorder_takes_a_name_of_another_part(recorder):
    body = ast.parse(recorder_file.text(recorder)).body
    count = Counter(name for statement in body for name in defined(statement))
    assert {name for name, times in count.items() if times > 1} == set()
    assert len(count) > 40
