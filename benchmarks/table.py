"""All five systems against TF2, their own framework and the source's loop, in one table.

Each system at its source's batch size, first with all instructions of this processor, then
with oneDNN limited to AVX2 where there is AVX-512: as most processors are. Takes a quarter of
an hour on two quiet cores; `--systems`, `--rounds` and `--steps` make it shorter.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.train_step import against, machine, measure
from dcgan_v1.systems import SYSTEMS

COLUMNS = {  # heading -> the contenders that it may be
    "TF2": ("tf2",),
    "own framework": ("keras", "torch"),
    "source's loop": ("source_loop",),
    "the same with oneDNN": ("source_loop_onednn",),
}


def steps_of(model):
    """Returns the steps of a round: some seconds of each contender."""
    return 2 if model == "celeba64" else 5


def line(record):
    """Returns a system's row of the table."""
    rows = {row["contender"]: row for row in record["rows"]}
    ours = rows["ours"]
    low, high = ours["images_per_second"][1:]
    cells = [
        f"{record['model']}, batch {record['batch_size']}",
        record["instructions"],
        f"{ours['images_per_second'][0]:.1f} ({low:.1f}-{high:.1f})",
        f"{record['product'] / 1e9:.0f} GFLOP/s",
        f"{ours['of_product']:.0%}",
    ]
    for names in COLUMNS.values():
        ratios = [
            f"{name if len(names) > 1 else ''} {middle:.2f} ({least:.2f}-{most:.2f})".strip()
            for name in names
            if name in rows
            for middle, least, most in [rows[name]["ratio"]]
        ]
        cells.append(", ".join(ratios) or "-")
    return "| " + " | ".join(cells) + " |"


def heading():
    names = ["system", "instructions", "ours, images/s", "a plain product", "of its rate"]
    names += [f"time / ours: {name}" for name in COLUMNS]
    return "| " + " | ".join(names) + " |\n" + "|---" * len(names) + "|"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, help="of a round (default: some seconds)")
    parser.add_argument("--batch-size", type=int, help="of all (default: each system's own)")
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    args = parser.parse_args()
    kind = machine()
    instructions = ["all", "AVX2"] if ", AVX-512" in kind else ["all"]
    print(f"{kind}; medians of {args.rounds} rounds in alternation (least-most)\n")
    print(heading(), flush=True)
    records = []
    for isa in instructions:
        for model in args.systems:
            batch_size = args.batch_size or SYSTEMS[model].config().batch_size
            wanted = [name for names in COLUMNS.values() for name in names]
            names = [name for name in wanted if name in against(model)]
            steps = args.steps or steps_of(model)
            limit = "" if isa == "all" else isa
            product, rows = measure(model, batch_size, names, args.rounds, steps, limit)
            record = {"model": model, "batch_size": batch_size, "instructions": isa}
            records.append({**record, "product": product, "rows": rows})
            print(line(records[-1]), flush=True)
    if args.json:
        args.json.write_text(json.dumps({"machine": kind, "records": records}, indent=1) + "\n")


if __name__ == "__main__":
    main()
