"""The page of RESULTS.md that a sitting on a GPU gives, of the JSON that `gpu.py` writes."""

HEADINGS = {
    "steps": "A training step beside TF2, Keras and PyTorch",
    "layout": "Convolutions with both gradients: channels last, channels first",
    "forms": "The CPU's special forms, each alone",
    "xla": "XLA",
    "precision": "Half precision",
    "determinism": "The same run twice",
    "workers": "Two workers",
    "comparison": "TF1 against Keras",
}


def text(figures):
    """Returns Markdown with a section for each piece that is there.

    Args:
      figures: name of a piece -> what it returned, see `gpu.PIECES`.
    """
    sections = [f"## On a GPU\n\n{_machine(figures['machine'])}"] if "machine" in figures else []
    for name, heading in HEADINGS.items():
        if name in figures:
            took = f" ({figures['seconds'][name]} s)"
            sections.append(f"### {heading}{took}\n\n{LINES[name](figures[name])}")
    return "\n\n".join(sections)


def _table(head, rows):
    rule = "|" + "---|" * len(head)
    return "\n".join([_row(head), rule, *map(_row, rows)])


def _row(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def _spread(values):
    middle, least, most = values
    return f"{middle:.2f} ({least:.2f}-{most:.2f})"


def _memory(size):
    return f"{size / 1e9:.2f} GB" if size else "-"


def _machine(machine):
    names = [g.get("device_name", "GPU") for g in machine["gpus"]] or ["no GPU: a dry run"]
    cuda = ", ".join(f"{k} {v}" for k, v in machine["built_for"].items() if v)
    built = f", built for {cuda}" if cuda else ""
    return (
        f"{' and '.join(names)}; {machine['driver'] or 'no driver'}; TensorFlow "
        f"{machine['tensorflow']}{built}; {machine['processor']}; {machine['when']}. Medians of "
        "rounds in alternation (least-most)."
    )


def _steps(records):
    rows = [
        [
            f"{record['model']}, batch {record['batch_size']}",
            row["contender"],
            _spread(row["ms"]),
            f"{row['images_per_second'][0]:.0f}",
            _spread(row["ratio"]),
            _memory(row["gpu_bytes"]),
            f"{row['of_product']:.0%}",
        ]
        for record in records
        for row in record["rows"]
    ]
    head = ["system", "who", "ms/step", "images/s", "time / ours", "GPU memory", "of a product"]
    return _table(head, rows)


def _layout(rows):
    def cell(value):
        return value if isinstance(value, str) else f"{value:.2f}"

    shape = "{0} of {1}x{1}x{2}, {3}x{3} to {4}, stride {5}"
    return _table(
        ["layer", "NHWC, ms", "NCHW, ms"],
        [
            [shape.format(*row["layer"]), cell(row["ms"]["NHWC"]), cell(row["ms"]["NCHW"])]
            for row in rows
        ],
    )


def _variants(records):
    first = next(iter(records[0]["variants"])) if records else ""
    rows = [
        [
            f"{record['model']}, batch {record['batch_size']}",
            name,
            _spread(variant["ms"]),
            _spread(variant["ratio"]),
            _memory(variant["gpu_bytes"]),
        ]
        for record in records
        for name, variant in record["variants"].items()
    ]
    return _table(["system", "", "ms/step", f"time / {first}", "GPU memory"], rows)


def _determinism(rows):
    def end(row):
        if "failed" in row:
            return f"failed: {row['failed'].splitlines()[-1]}"
        return "the same bits" if not row["apart"] else f"{row['apart']} variables differ"

    return _table(
        ["system", "options", "two runs"],
        [[row["model"], " ".join(row["flags"]) or "none", end(row)] for row in rows],
    )


def _workers(row):
    if row["code"]:
        return f"Exit code {row['code']}:\n\n```\n{row['end'].strip()}\n```"
    return f"They train: {' '.join(row['images_per_second']) or 'no rate was printed'} images/s."


def _comparison(row):
    return f"Exit code {row['code']}:\n\n```\n{row['end'].strip()}\n```"


LINES = {
    "steps": _steps,
    "layout": _layout,
    "forms": _variants,
    "xla": _variants,
    "precision": _variants,
    "determinism": _determinism,
    "workers": _workers,
    "comparison": _comparison,
}
