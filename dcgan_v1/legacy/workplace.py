"""Where a program runs: a folder that shows what its own folder holds.

Programs write beside their sources. Here they write into a folder of their own: small
files are copied there, so that writing one changes no original; large ones are linked.
"""

import shutil

LARGEST_COPY = 1e6  # bytes
LEFT_OUT = {".git", "__pycache__", ".ipynb_checkpoints"}


def make(source, folder):
    """Shows the files of `source` in `folder`; what is there already stays."""
    source, folder = source.resolve(), folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for original in source.rglob("*"):
        way = original.relative_to(source)
        if set(way.parts) & LEFT_OUT or original.is_relative_to(folder):
            continue
        shown = folder / way
        if original.is_dir():
            shown.mkdir(parents=True, exist_ok=True)
        elif original.is_file() and not (shown.exists() or shown.is_symlink()):
            shown.parent.mkdir(parents=True, exist_ok=True)
            if original.stat().st_size <= LARGEST_COPY:
                shutil.copyfile(original, shown)
            else:
                shown.symlink_to(original)
