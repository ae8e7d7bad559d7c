"""training.py of a PyTorch port: losses, optimisers and the step, in the order of TF1's runs."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting import torch_networks, torch_optimizers
from dcgan_v1.porting.contents import class_name
from dcgan_v1.porting.step import Step, refused_networks
from dcgan_v1.porting.torch_step import TorchStep


def text(program: d.Program) -> str:
    """Returns the file.

    Raises:
      Refused: it holds what PyTorch has no words for.
    """
    refused = refused_networks(program)
    if refused:
        raise d.Refused("; ".join(refused))
    printer = TorchStep(Step(program), places(program))
    lines = ["class Training:", '    """The networks, their optimisers, and one step."""', ""]
    lines += ["    def __init__(self):", *(f"        {x}" for x in built(program))]
    for optimizer in program.optimizers:
        parameters = printer.parameters(optimizer.variables)
        lines += [f"        {x}" for x in torch_optimizers.lines(optimizer, parameters)]
    if program.stages:
        lines += ["", *(f"    {x}" for x in printer.lines())]
    if printer.refused:
        raise d.Refused("; ".join(dict.fromkeys(printer.refused)))
    blocks = [torch_networks.HELPERS[name] for name in sorted(printer.helpers)]
    blocks += [*torch_optimizers.classes(program), "\n".join(lines) + "\n"]
    code = "\n\n".join(blocks)
    return "\n".join([*_head(program, code), "", "", code])


def _head(program: d.Program, code: str) -> list[str]:
    names = ", ".join(sorted(class_name(n) for n in program.networks))
    head = ['"""Losses, optimisers and the training step of a TF1 program, in PyTorch."""', ""]
    head += [f"# Not as in TF1: {line}." for line in program.left_out]
    head += ["import torch"] if "torch." in code else []
    head += ["from torch.nn import functional as F"] if "F." in code else []
    return [*head, "", f"from networks import {names}"]


def built(program: d.Program, owner: str = "self.") -> list[str]:
    """Returns the lines that make the networks.

    Args:
      program: what is written.
      owner: what stands before their names.
    """
    lines = []
    for network in program.networks:
        lines.append(f"{owner}{network.name} = {class_name(network)}()")
        for copy in network.copies:
            lines.append(f"{owner}{copy} = {class_name(network)}().requires_grad_(False)")
            lines.append(f"{owner}{copy}.load_state_dict({owner}{network.name}.state_dict())")
    return lines


def places(program: d.Program) -> dict[str, str]:
    """Returns TF1 variable -> expression in the port, as the port holds it."""
    known: dict[str, str] = {}
    for network in program.networks:
        for variable, path in torch_networks.paths(program, network).items():
            known[variable] = f"self.{network.name}.{path.replace('/', '.')}"
    return known
