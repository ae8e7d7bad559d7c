"""Kinds of causes, told by what a verdict says, and where in a step they act."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dcgan_v1.errors import UserError

EPSILON = "Adam's epsilon after the bias correction"
NOISE = "noise is drawn again on one side"
STARTS = "slots begin at other values"
BY_NAME = {"adam-epsilon-place": EPSILON, "second-noise": NOISE, "slot-start": STARTS}
DROPOUT = (
    r"^(in inference alone: )?(dropout .*drops (?P<new>[\d.]+) .*drops (?P<old>[\d.]+)"
    r"|dropout (is left off|drops|scales)|TF1 drops out here|drops out where)"
)


@dataclass(frozen=True)
class Kind:
    """A kind of cause.

    Attributes:
      name: for people.
      stage: 'draws', 'forward', 'loss', 'gradient' or 'state'.
      says: a regular expression for a finding's sentence; its groups `new` and `old` are what the
        port has, and TF1.
    """

    name: str
    stage: str
    says: str


KINDS = (
    Kind(EPSILON, "state", r"TF1's as (\S+), with equal moments: it is \1, added after"),
    Kind("Adam's epsilon, another number", "state", r"epsilon acts as"),
    Kind(
        "padding of a convolution", "forward", r"padding: (?P<new>\d+) rows.* TF1 adds (?P<old>\d+)"
    ),
    Kind(
        "an activation",
        "forward",
        r"the activation is (?P<new>.+?), TF1's is (?P<old>[\w ]+(\.\d+)?)|is left out before it",
    ),
    Kind(
        "the slope of leaky ReLU",
        "forward",
        r"leaky ReLU has slope (?P<new>\S+), TF1's has (?P<old>\S+)",
    ),
    Kind("the rate of dropout", "forward", DROPOUT),
    Kind(
        "batch norm's epsilon",
        "forward",
        r"batch norm's epsilon is (?P<new>\S+), TF1's (?P<old>[^\s;]+)",
    ),
    Kind("batch norm by averages in training", "forward", r"normalises by"),
    Kind("the kind of a pool", "forward", r"^pools "),
    Kind("averages in an order that TF1 leaves open", "state", r"leaves the order open"),
    Kind(
        "batch norm's averages",
        "state",
        r"of the average|biased variance|the average (moves|takes in|differs)",
    ),
    Kind(
        "learning rate",
        "state",
        r"times as long as TF1's(: learning rate (?P<new>\S+) against (?P<old>\S+))?|learning rate",
    ),
    Kind("Adam's beta1", "state", r"'s beta1 is (?P<new>\S+), TF1's (?P<old>\S+)"),
    Kind("RMSProp's decay", "state", r"'s rho is (?P<new>\S+), TF1's (?P<old>\S+)"),
    Kind("RMSProp's epsilon", "state", r"outside the root"),
    Kind("weights are clipped", "state", r"clips weights"),
    Kind(STARTS, "state", r"begins? at"),
    Kind(NOISE, "draws", r"takes it apart from|is given another"),
    Kind(
        "another loss",
        "loss",
        r"so does .*loss|^is .* apart$|times TF1's: a sum for a mean|every gradient is"
        r"|^is .* with labels ",
    ),
    Kind("another gradient", "gradient", r"its gradient (differs|also holds)|gradient is .* times"),
    Kind("an update, for no cause that was found", "state", r"no cause that was found"),
    Kind("another output", "forward", r"the output differs|computes nothing of that shape"),
    Kind("what is trained", "gradient", r"is trained by|also trains"),
)


def kind(finding: Mapping[str, str]) -> Kind:
    """Returns the kind of a finding: by its name, where it has one, else by what it says.

    Args:
      finding: its 'cause' and, where it has one that may be accepted, its 'name'.

    Raises:
      UserError: none of the table says so.
    """
    name = BY_NAME.get(finding.get("name", ""))
    for one in KINDS:
        if one.name == name or (name is None and re.search(one.says, finding["cause"])):
            return one
    raise UserError(f"causes.py knows no kind for: {finding['cause']}; add one to its KINDS")


def in_short(finding: Mapping[str, str]) -> str:
    """Returns a finding's kind, with what the port and TF1 have where it says so."""
    one = kind(finding)
    match = re.search(one.says, finding["cause"])
    groups = match.groupdict() if match else {}
    if not groups.get("new"):
        return one.name
    return f"{one.name} ({groups['new']}, TF1 {groups['old']})"
