"""The table of pairs: what `pairs.toml` names, read and checked."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from dcgan_v1.errors import UserError

HERE = Path(__file__).resolve().parent
PAIRS = HERE / "pairs.toml"
ROWS = HERE / "rows"
TRAINED = HERE / "trained"


@dataclass(frozen=True)
class Edit:
    """A replacement in the copy of a program that is run.

    Attributes:
      files: names of the files, as a glob below the program's root.
      of, by: a regular expression, and what takes the place of each match.
      why: 'width', 'batch' or 'step', to make it quicker; 'data', 'source', 'CPU', 'version' or
        'repair', without which it does not run here, on no GPU, in today's framework, or at all;
        'told', which has an array pass where the recorder sees it;
        'shape', 'order' or 'mix', which the row says and which is put right to compare the rest.
    """

    files: str
    of: str
    by: str
    why: str


@dataclass(frozen=True)
class Side:
    """One of a pair's programs.

    Attributes:
      repository: owner/name on GitHub.
      commit: 40 hexadecimal digits.
      program: the file that trains.
      root: the folder that is copied; the program's own without it.
      arguments: what it is started with.
      settings: 'name=value' of run_legacy's --set; TF1's only.
      data: the folder that it reads photographs of CelebA from; random ones are put there.
      edits: in the copy, before it runs.
      stand_ins: folder of `stand_ins/`, for packages that are not installed; a port's only.
    """

    repository: str
    commit: str
    program: str
    root: str = ""
    arguments: str = ""
    settings: tuple[str, ...] = ()
    data: str = ""
    edits: tuple[Edit, ...] = ()
    stand_ins: str = "torch"


@dataclass(frozen=True)
class Pair:
    """A TF1 program and a port of it, and what was read in both.

    Attributes:
      name: of the row's file; title: of the model, for a table.
      old, new: both sides.
      says: in a word or two, what the port says it is; claim: in its words; claim_at: where.
      shapes: '' where all shapes are the same, else which sizes differ.
      edited: stage of a step -> what else was edited away to compare the rest.
      missed: stage of a step -> what the sources have and the verdict has no word of.
      steps: how many are compared.
      map: text of a map file, or ''.
      trained: of a pair whose programs are trained: 'steps', and for 'old' and 'new' an expression
        for COUNT pictures of the generator.
      read: what was read in both sources to check the verdict, a sentence each.
      beside: what differs that no comparison of functions sees, a sentence each.
      waits: why it has no row, of a pair that cannot have one.
      wrong: causes that the verdict named and that the sources do not have: a regular expression
        that tells the finding, and a sentence.
    """

    name: str
    title: str
    old: Side
    new: Side
    says: str
    claim: str
    claim_at: str
    shapes: str = ""
    edited: dict[str, str] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)
    steps: int = 20
    map: str = ""
    trained: dict[str, str | int] = field(default_factory=dict)
    read: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    waits: str = ""
    wrong: tuple[tuple[str, str], ...] = ()


def load(path: Path = PAIRS) -> dict[str, Pair]:
    """Returns name -> Pair.

    Raises:
      UserError: something in it is no pair.
    """
    told = tomllib.loads(path.read_text("utf-8"))
    repositories = told.pop("repositories", {})
    pairs = {}
    for name, fields in told.items():
        try:
            sides = {which: _side(fields.pop(which), repositories) for which in ("old", "new")}
            lists = {k: tuple(v) for k, v in fields.items() if isinstance(v, list)}
            pairs[name] = Pair(name=name, **sides, **{**fields, **lists})
        except (TypeError, KeyError) as error:
            raise UserError(f"{path.name}: {name}: {error}") from error
    return pairs


def pair(name: str) -> Pair:
    """Returns a pair of the table.

    Raises:
      UserError: it has none of that name.
    """
    pairs = load()
    if name not in pairs:
        raise UserError(f"there is no pair {name}: {', '.join(pairs)}")
    return pairs[name]


def _side(fields: dict, repositories: dict[str, str]) -> Side:
    edits = tuple(Edit(*edit) for edit in fields.pop("edits", ()))
    commit = fields.pop("commit", "") or repositories[fields["repository"]]
    settings = tuple(fields.pop("settings", ()))
    return Side(commit=commit, settings=settings, edits=edits, **fields)
