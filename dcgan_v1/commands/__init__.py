"""The commands, a module each, and the options and plans that they share.

`scripts/` and the console command `dcgan-v1` start them by `run`.
"""

import ast
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

NAMES = (
    "compare",
    "compare_tf2",
    "convert_checkpoint",
    "evaluate",
    "explore",
    "export_checkpoint",
    "export_model",
    "run_legacy",
    "sample",
    "train",
    "train_celeba",
    "train_classifier",
    "train_images",
    "train_mnist",
    "verify_checkpoint",
    "write_port",
    "write_recorder",
)
TOOLS = ("make-pretrained", "quality-curve")  # commands once; now in tools/


def run(name: str, argv: Sequence[str] | None = None) -> NoReturn:
    """Runs a command with the arguments of this process, and exits."""
    from dcgan_v1 import runtime

    runtime.ignore_foreign_settings()  # before anything is imported that reads them
    from dcgan_v1.commands import cli

    command = import_module(f"dcgan_v1.commands.{name}")
    cli.main(command.main, command.make_parser(), argv)


def _description(name: str) -> str:
    """Returns the docstring of a command, which is read and not imported: that takes long."""
    source = Path(__file__).with_name(f"{name}.py").read_text("utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def entry() -> None:
    """The console command: `dcgan-v1 train-mnist ...` runs `train_mnist`."""
    words = {name.replace("_", "-"): name for name in NAMES}
    word = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if word in words:
        sys.argv = [f"{Path(sys.argv[0]).name} {word}", *sys.argv[2:]]
        run(words[word])
    elif word in ("-h", "--help"):
        print("usage: dcgan-v1 COMMAND ...\n\ncommands, each with a --help of its own:")
        for word, name in words.items():
            text = _description(name)
            print(f"  {word:20} {' '.join(text.split()).partition('. ')[0].rstrip('.')}")
    elif word == "--version":
        from dcgan_v1 import __version__

        print(f"dcgan_v1 {__version__}")
    else:
        error = f"no command {word!r}; dcgan-v1 --help lists them"
        if word in TOOLS:
            script = f"tools/{word.replace('-', '_')}.py"
            error = f"{word} is a maintainers' tool: python {script} in a clone of the project"
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
