"""Writes the tables of docs/pairs.md, and a sentence of the README, from `pairs.toml` and the rows:

python benchmarks/pairs/page.py
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.pairs import causes, table
from benchmarks.pairs.rows import STAGES, Row
from benchmarks.pairs.table import Pair, Side
from dcgan_v1.migration.explanation.case import EPSILON_PLACE, SECOND_NOISE

PAGE = ROOT / "docs" / "pairs.md"
README = ROOT / "README.md"
SENTENCE = re.compile(r"Of \d+ published ports, .*\(\[table\]\(docs/pairs\.md\)\)\.")
COLUMNS = ["pair", "the port says", "shapes", *STAGES.values(), "last step", "minutes"]
UNSEEN, IN_PART = "not seen: bare tensors", "yes, where compared"
MISSED = "read in the sources, not in the verdict"
NOT_TOLD = f"({MISSED})"
NOT_RUN = "both sources were read; it was not run yet"
LEFT_OUT = "TF1 has no loss of that value"  # how a note of losses that were not compared ends
WHY = {
    "width": "layers narrowed",
    "batch": "a smaller batch",
    "step": "one step of D to one of G on both sides",
    "data": "less data",
    "source": "MNIST read from files",
    "CPU": "on the CPU",
    "version": "for today's framework",
    "repair": "repaired to run at all",
    "told": "an array made seen to the recorder",
    "shape": "shapes made equal",
    "order": "updates of a step made equal",
}


def read() -> list[tuple[Pair, Row]]:
    """Returns all pairs that have a row, in the table's order."""
    pairs = table.load().values()
    paths = [(pair, table.ROWS / f"{pair.name}.json") for pair in pairs]
    return [(p, json.loads(path.read_text("utf-8"))) for p, path in paths if path.exists()]


def text(page: str, rows: list[tuple[Pair, Row]]) -> str:
    """Returns the page with all that is generated anew."""
    parts = {
        "summary": summary(rows),
        "table": pairs_table(rows),
        "adapters": adapters(rows),
        "causes": causes_table(rows),
        "trained": trained_table(),
        "details": "\n\n".join(details(pair, row) for pair, row in rows),
        "waiting": waiting({pair.name for pair, _ in rows}),
    }
    for mark, part in parts.items():
        begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
        head, rest = page.split(begin)
        page = f"{head}{begin}\n\n{part}\n\n{end}{rest.partition(end)[2]}"
    return page


def summary(rows: list[tuple[Pair, Row]]) -> str:
    """How many of the pairs are the same function, in a sentence."""
    count = Counter(verdict(pair, row) for pair, row in rows)
    owners = {side.repository.partition("/")[0] for p, _ in rows for side in (p.old, p.new)}
    parts = Counter(stage(p, row, kind) for p, row in rows for kind in STAGES)
    return (
        f"Of {len(rows)} pairs from {len(owners)} owners of repositories, as far as they were "
        f"compared, {count['same']} compute the same function, {count['epsilon']} the same but for "
        f"where Adam's epsilon is added, {count['noise']} but for that and noise that one side "
        f"draws once more in a step, {count['sizes']} but for these and the size of a layer or of "
        f"the noise, and {count['differs']} another one.{not_all_seen(parts)}"
    )


def not_all_seen(parts: Counter[str]) -> str:
    """Says in how many pairs something was not compared; '' where all was."""
    said = {
        UNSEEN: "no layer was seen, for the port's networks are bare tensors: the forward pass is "
        "judged by losses and gradients there",
        IN_PART: "not all losses were compared",
    }
    notes = [f"in {parts[cell]} of them {text}" for cell, text in said.items() if parts[cell]]
    return f" I{'; '.join(notes)[1:]}." if notes else ""


def short_summary(rows: list[tuple[Pair, Row]]) -> str:
    """The same for a README, in less words."""
    close = [pair for pair, row in rows if verdict(pair, row) in ("same", "epsilon", "noise")]
    repaired = sum(any(e.why == "repair" for e in (*p.old.edits, *p.new.edits)) for p in close)
    after = f", {repaired} of them after a repair" if repaired else ""
    return (
        f"Of {len(rows)} published ports, {len(close)} compute what the original does, as far as "
        f"compared, but for Adam's epsilon and a second noise{after} ([table](docs/pairs.md))."
    )


def true_findings(pair: Pair, row: Row) -> list[dict[str, str]]:
    """Those that the sources bear out."""
    return [
        f
        for f in row["findings"]
        if not any(re.search(said, f"{f['where']}: {f['cause']}") for said, _ in pair.wrong)
    ]


def verdict(pair: Pair, row: Row) -> str:
    """'same'; 'epsilon': but for its place in Adam; 'noise': but for that and noise that one side
    draws again; 'sizes': but for these and some sizes; or 'differs'."""
    names = {f["name"] for f in true_findings(pair, row)}
    if pair.edited or pair.missed or names - {EPSILON_PLACE, SECOND_NOISE}:
        return "differs"
    if pair.shapes:
        return "sizes"
    if SECOND_NOISE in names:
        return "noise"
    return "epsilon" if names else "same"


def pairs_table(rows: list[tuple[Pair, Row]]) -> str:
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for pair, row in rows:
        cells = [f"[{pair.name}](#{pair.name}): {pair.title}"]
        cells += [pair.says, pair.shapes or "yes"]
        cells += [stage(pair, row, kind) for kind in STAGES]
        cells.append(at_the_end(row))
        cells.append(f"{row['minutes']:.1f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def stage(pair: Pair, row: Row, kind: str) -> str:
    """What differs there, or 'yes' where nothing does but what follows from other columns."""
    own = [f for f in true_findings(pair, row) if causes.stage(f) == kind]
    missed = f"{pair.missed[kind]} {NOT_TOLD}" if kind in pair.missed else ""
    said = [pair.edited.get(kind, ""), *map(causes.in_short, own), missed]
    if any(said):
        return "; ".join(dict.fromkeys(filter(None, said)))
    if kind == "loss" and any(LEFT_OUT in note for note in row["not compared"]):
        return IN_PART
    if kind == "draws" or kind in row["stages"]:
        return "yes"
    return UNSEEN if kind == "forward" else "not compared"


def at_the_end(row: Row) -> str:
    """How far the weights are apart after the last step."""
    last = max(row["weights after"], key=int, default="")
    if not last:
        return "not compared"
    apart = row["weights after"][last]
    return "yes" if row["same"] else f"{apart:.0e} apart"


def adapters(rows: list[tuple[Pair, Row]]) -> str:
    """Says which pairs could not be compared without a hint."""
    told = [
        p.name for p, _ in rows if any(e.why == "told" for s in (p.old, p.new) for e in s.edits)
    ]
    mapped = [p.name for p, _ in rows if p.map]
    hints = [
        f"{text}: {', '.join(f'[{name}](#{name})' for name in names)}"
        for text, names in (
            ("a [map file](guides/compare.md#the-map-file) says which input is which", mapped),
            ("lines are changed so that the recorder sees an array", told),
        )
        if names
    ]
    ends = f", but for these: {'; '.join(hints)}" if hints else ""
    return f"Both programs of every pair here were recorded, and no adapter was written{ends}."


def causes_table(rows: list[tuple[Pair, Row]]) -> str:
    """Kind -> in how many pairs."""
    count: Counter[str] = Counter()
    for pair, row in rows:
        count.update({causes.kind(f).value for f in true_findings(pair, row)})
        count.update(["other sizes"] * bool(pair.shapes))
        count.update(f"{STAGES[stage]}, edited away" for stage in pair.edited)
        count.update(f"{STAGES[stage]}, {MISSED}" for stage in pair.missed)
    by_count = sorted(count.items(), key=lambda entry: (-entry[1], entry[0]))
    lines = ["| cause | pairs |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {number} |" for name, number in by_count])


def trained_table() -> str:
    """What generators draw after both programs of a pair were trained, run by run."""
    lines = ["| pair | iterations | program | Fréchet distance |", "|---" * 4 + "|"]
    for path in sorted(table.TRAINED.glob("*.json")):
        told = json.loads(path.read_text("utf-8"))
        for which, title in (("old", "TF1"), ("new", "the port")):
            far = ", ".join(f"{run['frechet']:.0f}" for run in told[which])
            lines.append(f"| {told['name']} | {told['steps']} | {title} | {far} |")
    return "\n".join(lines)


def details(pair: Pair, row: Row) -> str:
    """What a row rests on."""
    lines = [f"### {pair.name}", ""]
    lines.append(f"{_link(pair.old)} against {_link(pair.new)}.")
    lines.append(f"The port says: {pair.claim} ({pair.claim_at}).")
    edits = dict.fromkeys(WHY[e.why] for side in (pair.old, pair.new) for e in side.edits)
    changed = f"; changed: {', '.join(edits)}" if edits else ""
    by = f"; compared by {row['commit']}" if row.get("commit") else ""
    lines.append(f"{row['steps']} steps of batch {row['batch size']}{changed}{by}.")
    lines += ["", "The verdict:", ""]
    lines += [f"- {_code(f['where'])}: {f['cause']}" for f in row["findings"]]
    lines += [] if row["findings"] else ["- the same"]
    lines += ["", "Read in both sources:", "", *(f"- {sentence}" for sentence in pair.read)]
    for title, sentences in (
        ("In the verdict, not in the sources", [sentence for _, sentence in pair.wrong]),
        ("What no comparison of functions sees", pair.beside),
    ):
        if sentences:
            lines += ["", f"{title}:", "", *(f"- {sentence}" for sentence in sentences)]
    return "\n".join(lines)


def waiting(known: set[str]) -> str:
    """Lists the pairs of the table that have no row, and why."""
    left = [pair for pair in table.load().values() if pair.name not in known]
    lines = ["| pair | the port says | why |", "|---|---|---|"]
    for pair in left:
        both = f"{_link(pair.old)} against {_link(pair.new)}"
        lines.append(
            f"| {pair.name}: {pair.title}, {both} | {pair.says} | {pair.waits or NOT_RUN} |"
        )
    return "\n".join(lines) if left else "None: every pair of the table has a row."


def _link(side: Side) -> str:
    address = f"https://github.com/{side.repository}/blob/{side.commit}/{quote(side.program)}"
    return f"[{side.repository}, {Path(side.program).name}]({address})"


def _code(where: str) -> str:
    return re.sub(r"\s*\(first seen in .*\)", "", where)


def main() -> None:
    rows = read()
    PAGE.write_text(text(PAGE.read_text("utf-8"), rows), "utf-8")
    readme = README.read_text("utf-8")
    README.write_text(SENTENCE.sub(lambda _: short_summary(rows), readme), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)} and the sentence of {README.name}")


if __name__ == "__main__":
    main()
