"""A program's syntax tree with its arithmetic and its arrays' methods as numpy 1 had them.

`a + b` becomes `__add_as_numpy_1__(a, b)`, `a += b` becomes `a += __right_operand__(a, b)`,
`a[i] = b` becomes `a[i] = __stored__(a, b)`, `a[i]` becomes `__item__(a, i)`, `np.uint8(b)`
becomes `__made__(np.uint8, b)`, and `a.tostring` becomes `__attribute__(a, "tostring")`: types of
C take no attributes from others.
Before `try: import a` stands `__must_be_there__("a")`: such a program does without.
"""

import ast
import copy
from functools import partial
from typing import Any

from dcgan_v1.migration.programs import stand_ins
from dcgan_v1.migration.programs.families.packages import numpy_arithmetic, numpy_names
from dcgan_v1.migration.programs.families.python import standard_library

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
}
INTEGERS = {"uint8", "int8", "uint16", "int16", "uint32", "int32"}
METHODS = {*numpy_names.METHODS, *standard_library.METHODS}


def attribute(owner: Any, name: str) -> Any:
    """`owner.name`, where `name` is one of METHODS."""
    if isinstance(owner, standard_library.HOLDERS) and not hasattr(owner, name):
        return partial(standard_library.METHODS[name], owner)
    return numpy_names.attribute(owner, name)


BUILTINS: dict[str, Any] = {
    "sum": numpy_arithmetic.total,
    "__must_be_there__": stand_ins.must_be_there,
    "__right_operand__": numpy_arithmetic.right_operand,
    "__stored__": numpy_arithmetic.stored,
    "__made__": numpy_arithmetic.made,
    "__index__": numpy_arithmetic.index,
    "__item__": numpy_arithmetic.item,
    "__attribute__": attribute,
    **{f"__{n}_as_numpy_1__": f for n, f in numpy_arithmetic.FUNCTIONS.items()},
}


def rewritten(tree: ast.Module) -> ast.Module:
    """Changes a tree in place and returns it; its files must have BUILTINS among theirs."""
    return ast.fix_missing_locations(_Rewriter().visit(tree))


class _Rewriter(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = OPERATORS.get(type(node.op))
        if name is None or _is_text(node.left) or _are_constants(node.left, node.right):
            return node
        return _call(f"__{name}_as_numpy_1__", [node.left, node.right], node)

    def visit_Try(self, node: ast.Try) -> ast.AST:
        self.generic_visit(node)
        if any(_catches_imports(handler.type) for handler in node.handlers):
            asked = [[*map(partial(_asked, near=one), _imported(one)), one] for one in node.body]
            node.body = [statement for of_one in asked for statement in of_one]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) > 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            return node
        other = node.comparators[0]
        name = "eq" if isinstance(node.ops[0], ast.Eq) else "ne"
        return _call(f"__{name}_as_numpy_1__", [node.left, other], node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        is_plain = _is_plain(node.target)
        self.generic_visit(node)
        if type(node.op) in OPERATORS and is_plain:
            target = copy.deepcopy(node.target)
            target.ctx = ast.Load()
            node.value = _call("__right_operand__", [target, node.value], node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, ast.Subscript) or _fits(node.value):
            return node
        if _is_plain(target.value):
            node.value = _call("__stored__", [copy.deepcopy(target.value), node.value], node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in INTEGERS:
            return node
        if len(node.args) != 1 or node.keywords:
            return node
        return _call("__made__", [node.func, node.args[0]], node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.slice, ast.List | ast.Name | ast.Attribute | ast.Call | ast.BinOp):
            return node
        if isinstance(node.ctx, ast.Load):
            return _call("__item__", [node.value, node.slice], node)
        if _is_plain(node.value):
            node.slice = _call("__index__", [copy.deepcopy(node.value), node.slice], node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr not in METHODS or not isinstance(node.ctx, ast.Load):
            return node
        return _call("__attribute__", [node.value, ast.Constant(node.attr)], node)


def _catches_imports(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    names = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    return any(one is None or (isinstance(one, ast.Name) and one.id in names) for one in kinds)


def _imported(node: ast.stmt) -> list[str]:
    """Names of the packages that a statement imports."""
    if isinstance(node, ast.ImportFrom):
        return [] if node.level or node.module is None else [node.module.partition(".")[0]]
    names = node.names if isinstance(node, ast.Import) else []
    return [alias.name.partition(".")[0] for alias in names]


def _asked(package: str, near: ast.stmt) -> ast.stmt:
    call = _call("__must_be_there__", [ast.Constant(package)], near)
    return ast.copy_location(ast.Expr(call), near)


def _call(name: str, arguments: list[ast.expr], node: ast.AST) -> ast.expr:
    function = ast.copy_location(ast.Name(name, ast.Load()), node)
    return ast.copy_location(ast.Call(function, arguments, []), node)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr | ast.Constant) and not isinstance(
        getattr(node, "value", ""), int | float
    )


def _are_constants(*nodes: ast.AST) -> bool:
    return all(isinstance(node, ast.Constant) for node in nodes)


def _fits(node: ast.AST) -> bool:
    """Whether it is a constant that every type of numbers holds."""
    value = getattr(node, "value", None)
    return isinstance(node, ast.Constant) and not (type(value) is int and value > 127)


def _is_plain(target: ast.AST) -> bool:
    """Whether reading a target once more does nothing: no call is in it."""
    return not any(isinstance(node, ast.Call | ast.NamedExpr) for node in ast.walk(target))
