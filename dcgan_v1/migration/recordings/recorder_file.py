"""A recorder as one file that runs alone: its parts, one after the other."""

import ast
from pathlib import Path

# what a part needs stands before it
OF_TF1 = (
    "graph_ops",
    "branches",
    "run_contents",
    "steps",
    "files",
    "values",
    "hooks",
    "recorder",
    "running",
)
OF_PORTS = (
    "places",
    "layer_entries",
    "recorder",
    "draws",
    "torch_casts",
    "torch_draws",
    "torch_names",
    "layer_calls",
    "torch_layers",
    "leaky_relus",
    "made_kernels",
    "torch_functions",
    "torch_program",
    "exact_elus",
    "tensorflow_casts",
    "tensorflow_draws",
    "tensorflow_optimizers",
    "tensorflow_names",
    "tensorflow_layers",
    "tensorflow_functions",
    "tensorflow_data",
    "tensorflow_program",
    "notebook_cells",
    "running",
)
PARTS = {"tf1_recorder": OF_TF1, "port_recorder": OF_PORTS}
PACKAGE = "dcgan_v1"
END = '\n\nif __name__ == "__main__":\n    sys.exit(main())\n'


def text(recorder: str) -> str:
    """Returns the source of `tf1_recorder` or `port_recorder`."""
    folder = Path(__file__).with_name(recorder)
    head = folder.joinpath("__init__.py").read_text("utf-8").rstrip()
    imports: set[str] = {"import sys"}
    bodies = []
    for part in PARTS[recorder]:
        source = folder.joinpath(f"{part}.py").read_text("utf-8")
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
    own_line = f"# Written from the parts of dcgan_v1/migration/recordings/{recorder}."
    return "\n\n\n".join([head, own_line, "\n".join(sorted(imports)), *bodies]) + END


def write(recorder: str, path: str | Path) -> None:
    """Writes the source of `tf1_recorder` or `port_recorder` into a file."""
    Path(path).write_text(text(recorder), "utf-8")
