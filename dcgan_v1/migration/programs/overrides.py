"""`--set NAME=VALUE`: other values for a program's top-level assignments."""

import ast
from collections.abc import Mapping
from pathlib import Path

from dcgan_v1.errors import UserError


def override(tree: ast.Module, settings: Mapping[str, str], path: Path) -> None:
    """Gives top-level assignments of a program other values."""
    absent = set(settings)
    for assignment in (node for node in tree.body if isinstance(node, ast.Assign)):
        for target in assignment.targets:
            if isinstance(target, ast.Name) and target.id in settings:
                value = _value(target.id, settings, assignment.value)
                assignment.value = ast.copy_location(value, assignment.value)
                absent.discard(target.id)
    ast.fix_missing_locations(tree)
    if absent:
        raise UserError(
            f"--set: {path.name} has no assignment to {sorted(absent)[0]} at its top level"
        )


def _value(name: str, settings: Mapping[str, str], default: ast.expr) -> ast.expr:
    """A setting as an expression; bare words are the text that a text is replaced by."""
    is_text = isinstance(default, ast.Constant) and isinstance(default.value, str)
    try:
        value = ast.parse(settings[name], mode="eval").body
    except SyntaxError as error:
        if is_text:
            return ast.Constant(settings[name])
        raise UserError(f"--set {name}: {settings[name]!r} is not a Python expression") from error
    is_said = isinstance(value, ast.Call | ast.Constant | ast.List | ast.Tuple | ast.Dict) or any(
        isinstance(node, ast.Constant) and isinstance(node.value, str) for node in ast.walk(value)
    )
    return ast.Constant(settings[name]) if is_text and not is_said else value
