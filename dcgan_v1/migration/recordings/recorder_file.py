"""The port recorder as one file that runs alone: its parts, one after the other."""

import ast
from pathlib import Path

FOLDER = Path(__file__).with_name("port_recorder")
PARTS = (  # what a part needs stands before it
    "places",
    "layers_told",
    "events",
    "draws",
    "torch_casts",
    "torch_draws",
    "torch_names",
    "layer_calls",
    "torch_layers",
    "leaky_relus",
    "torch_functions",
    "torch_program",
    "tensorflow_casts",
    "tensorflow_draws",
    "tensorflow_optimizers",
    "tensorflow_names",
    "tensorflow_layers",
    "tensorflow_functions",
    "tensorflow_data",
    "tensorflow_program",
    "running",
)
PACKAGE = "dcgan_v1"
END = '\n\nif __name__ == "__main__":\n    sys.exit(main())\n'


def text() -> str:
    """Returns the recorder's source."""
    head = FOLDER.joinpath("__init__.py").read_text("utf-8").rstrip()
    imports: set[str] = {"import sys"}
    bodies = []
    for part in PARTS:
        source = FOLDER.joinpath(f"{part}.py").read_text("utf-8")
        lines = source.splitlines()
        for node in ast.parse(source).body:
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not isinstance(node, ast.Import | ast.ImportFrom) and not is_docstring:
                continue
            own = isinstance(node, ast.ImportFrom) and str(node.module).startswith(PACKAGE)
            if not own and not is_docstring:
                imports.add(ast.unparse(node))
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
        bodies.append("\n".join(lines).strip("\n"))
    own_line = "# Written from the parts of dcgan_v1/migration/recordings/port_recorder."
    return "\n\n\n".join([head, own_line, "\n".join(sorted(imports)), *bodies]) + END


def write(path: str | Path) -> None:
    """Writes the recorder's source into a file."""
    Path(path).write_text(text(), "utf-8")
