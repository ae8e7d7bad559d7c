"""Which running code is the program's own, and what it calls things."""

import linecache
import os
import re
import sys
import types

HERE = os.path.abspath(__file__)
FROZEN = "<frozen importlib"  # where the import system's own frames are
ASSIGNED = re.compile(r"^\s*(?:self\.)?([A-Za-z_]\w*)\s*(?::[^=]+)?=[^=]")
LINES = 8  # of a statement that are searched for what it assigns to


class Places:
    """The program's own files and frames.

    Args:
      root: the folder that holds it.
    """

    def __init__(self, root):
        self.root = root
        self.files = {}

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
            filename, line = frame.f_code.co_filename, frame.f_lineno
            after = ""  # of the statement, up to the line that runs
            for back in range(LINES):
                text = linecache.getline(filename, line - back)
                if back and _closed(text + after):
                    break  # a statement that ended before
                match = ASSIGNED.match(text)
                if match:
                    return match.group(1)
                if back == 0 and re.match(r"\s*(return|def|for|with|if|while)\b", text):
                    break
                after = text + after if back else after
        return ""

    def held_as(self, value):
        """The name of a running function's variable that holds something, or ''."""
        for frame in self.frames()[:2]:
            for name, local in list(frame.f_locals.items()):
                if local is value:
                    return name
        return ""


def _closed(text):
    """Whether every bracket of some lines is closed in them."""
    return sum(text.count(c) for c in "([{") <= sum(text.count(c) for c in ")]}")


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
