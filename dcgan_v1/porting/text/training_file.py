"""training.py of a port, whatever framework it is written in."""

from dataclasses import dataclass, field

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text.contents import class_name


@dataclass
class Parts:
    """What a framework puts into the file.

    Attributes:
      framework: its name.
      imports: lines; blocks: classes and functions before the class.
      arguments: of the class; made: lines that make networks and optimisers.
      step: lines of the method.
      refused: what has no words in the framework.
    """

    framework: str
    imports: list[str]
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
    names = ", ".join(sorted(class_name(n) for n in program.networks))
    said = f"Losses, optimisers and the training step of a TF1 program, in {parts.framework}."
    head = [f'"""{said}"""', "", *(f"# Not as in TF1: {line}." for line in program.left_out)]
    lines = ["class Training:", '    """The networks, their optimisers, and one step."""', ""]
    lines += [f"    def __init__(self{parts.arguments}):", *(f"        {x}" for x in parts.made)]
    lines += ["", *(f"    {x}" for x in parts.step)] if parts.step else []
    blocks = [*parts.blocks, "\n".join(lines) + "\n"]
    return "\n".join([*head, *parts.imports, "", f"from networks import {names}", "", ""]) + (
        "\n" + "\n\n".join(blocks)
    )
