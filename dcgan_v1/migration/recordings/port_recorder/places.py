"""Which running code is the program's own, and what it calls things."""

import ast
import collections
import linecache
import os
import sys
import types

HERE = os.path.abspath(__file__)
FROZEN = "<frozen importlib"  # where the import system's own frames are


class Places:
    """The program's own files and frames.

    Args:
      root: the folder that holds it.
    """

    def __init__(self, root):
        self.root = root
        self.files = {}
        self.names = {}  # file -> what the statement of each of its lines assigns to

    def is_own(self, filename):
        """Whether a file is the program's."""
        if filename not in self.files:
            path = os.path.abspath(filename)
            inside = path.startswith(self.root + os.sep) and "site-packages" not in path
            inside = inside and not filename.startswith("<")  # of no file: the import system's
            inside = inside and os.sep + "dist-packages" not in path
            self.files[filename] = inside and path != HERE
        return self.files[filename]

    def imports(self):
        """Whether a library is being imported: what it does then is not the program's."""
        frame = sys._getframe(1)
        while frame is not None and not self.is_own(frame.f_code.co_filename):
            if frame.f_code.co_filename.startswith(FROZEN):
                return True
            frame = frame.f_back
        return False

    def frames(self):
        """The program's own frames that are running, the innermost first."""
        frame, own = sys._getframe(1), []
        while frame is not None:
            if self.is_own(frame.f_code.co_filename):
                own.append(frame)
            frame = frame.f_back
        return own

    def assigned(self, frames):
        """What the innermost statement that assigns to one name calls it."""
        for frame in frames:
            filename = frame.f_code.co_filename
            if filename not in self.names:
                self.names[filename] = _assigned_names(linecache.getlines(filename))
            name = self.names[filename].get(frame.f_lineno)
            if name:
                return name
        return ""

    def held_as(self, value):
        """The name of a running function's variable, or of its object's attribute, that holds
        something; or ''."""
        for frame in self.frames()[:2]:
            own = frame.f_locals.get("self")
            attributes = getattr(own, "__dict__", {})
            for name, local in list(frame.f_locals.items()) + list(attributes.items()):
                if local is value:
                    return name
        return ""


def _assigned_names(lines):
    """Returns line -> the one name that the innermost statement there assigns to, or ''."""
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):  # rewritten since it runs
        return {}
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    begun = collections.Counter(node.lineno for node in statements)
    names = {}
    for node in sorted(statements, key=lambda node: node.lineno):
        name = _target(node) if begun[node.lineno] == 1 else ""
        # before Python 3.8 a statement does not know its end: the next one overwrites it
        for line in range(node.lineno, getattr(node, "end_lineno", len(lines)) + 1):
            names[line] = name
    return names


def _target(node):
    """The name that a statement assigns to: of a variable, or of an attribute of `self`."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    is_plain = isinstance(node, (ast.Assign, ast.AnnAssign))
    if is_plain and isinstance(targets[0], ast.Name):
        return targets[0].id
    if is_plain and isinstance(targets[0], ast.Attribute):
        owner = targets[0].value
        return targets[0].attr if isinstance(owner, ast.Name) and owner.id == "self" else ""
    return ""


def place_of(frame):
    """'train.py:12'."""
    return "%s:%d" % (os.path.basename(frame.f_code.co_filename), frame.f_lineno)


def is_running(*parts):
    """Whether code of a file with one of these parts in its path is running."""
    frame = sys._getframe(2)
    while frame is not None:
        filename = frame.f_code.co_filename
        if any(part in filename for part in parts):
            return True
        frame = frame.f_back
    return False


def is_of_loader():
    """Whether a PyTorch loader runs: an order of rows, a seed of its workers."""
    return is_running(os.path.join("torch", "utils", "data"))


def held_names(frames, main):
    """Yields (name, object) of what the program holds: names of its modules, then variables of its
    running functions, the outermost first (`netD` of a program before `model` of a function that
    is given it), then what stands in lists and dicts and in attributes of all these.

    Args:
      frames: its own that are running, the innermost first.
      main: names of its main module.
    """
    modules = {id(frame.f_globals): frame.f_globals for frame in frames}
    spaces = [main] + list(modules.values()) + [frame.f_locals for frame in reversed(frames)]
    pairs = [pair for space in spaces for pair in list(space.items())]
    pairs = [(name, value) for name, value in pairs if not name.startswith("__")]
    for pair in pairs:
        yield pair
    for name, value in pairs:
        for pair in _inside(name, value):
            yield pair
    ids = set()
    for _, value in pairs:
        is_plain = hasattr(value, "__dict__") and not isinstance(value, (type, types.ModuleType))
        if is_plain and id(value) not in ids:
            ids.add(id(value))
            attributes = list(getattr(value, "__dict__", {}).items())
            for name, attribute in sorted(attributes, key=lambda pair: pair[0].startswith("_")):
                if name == "_modules" and isinstance(attribute, dict):
                    for pair in attribute.items():
                        yield pair
                yield name, attribute
                for pair in _inside(name, attribute):
                    yield pair


def _inside(name, value):
    if isinstance(value, dict):
        pairs = [(str(key), item) for key, item in list(value.items())[:200]]
    elif isinstance(value, (list, tuple)):
        pairs = [(str(i), item) for i, item in enumerate(value[:200])]
    else:
        return
    for key, item in pairs:
        yield "%s.%s" % (name, key), item
