"""An old program of a few lines, run as a user runs one."""

import hashlib

from script_runs import call


def run(program, *args):
    return call("run_legacy.py", "--run-dir", program.parent.parent / "run", *args, program)


def written(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def digest(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }
