"""training.py of a port, whatever framework it is written in."""

from dataclasses import dataclass, field
from textwrap import wrap

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import imports
from dcgan_v1.porting.text.contents import class_name

WIDTH = 98  # of a comment


@dataclass
class Parts:
    """What a framework puts into the file.

    Attributes:
      framework: its name.
      own: name -> definition of what it lacks; blocks: classes and values before the class.
      arguments: of the class; made: lines that make networks and optimisers.
      step: lines of the method.
      refused: what has no words in the framework.
    """

    framework: str
    own: dict[str, str]
    blocks: list[str]
    arguments: str = ""
    made: list[str] = field(default_factory=list)
    step: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def text(program: d.Program, parts: Parts) -> str:
    """Returns the file.

    Raises:
      Refused: something has no words in the framework.
    """
    if parts.refused:
        raise d.Refused("; ".join(dict.fromkeys(parts.refused)))
    lines = ["class Training:", '    """The networks, their optimisers, and one step."""', ""]
    lines += [f"    def __init__(self{parts.arguments}):", *(f"        {x}" for x in parts.made)]
    lines += ["", *(f"    {x}" for x in parts.step)] if parts.step else []
    code = "\n\n".join([*parts.blocks, "\n".join(lines) + "\n"])
    said = f"Losses, optimisers and the training step of a TF1 program, in {parts.framework}."
    notes = [f"# Not as in TF1: {line}." for line in program.left_out]
    wrapped = [x for note in notes for x in wrap(note, WIDTH, subsequent_indent="# ")]
    head = [f'"""{said}"""', "", *wrapped]
    classes = [class_name(network) for network in program.networks]
    taken = imports.lines(code, {"own_layers": parts.own, "networks": classes})
    return "\n".join([*head, *taken, "", "", code])
