"""training.py of a PyTorch port: losses, optimisers and the step, in the order of TF1's runs."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import training_file
from dcgan_v1.porting.text.contents import class_name
from dcgan_v1.porting.text.step import Step, places, refuse_networks
from dcgan_v1.porting.torch import networks as torch_networks
from dcgan_v1.porting.torch import optimizers as torch_optimizers
from dcgan_v1.porting.torch.step import TorchStep


def text(program: d.Program) -> str:
    """Returns the file.

    Raises:
      Refused: it holds what PyTorch has no words for.
    """
    refuse_networks(program)
    printer = TorchStep(Step(program), places(program, torch_networks.paths))
    made = construction(program)
    for optimizer in program.optimizers:
        trained = printer.parameters(optimizer.variables)
        made += torch_optimizers.lines(program, optimizer, trained)
    step = printer.lines() if program.stages else []
    blocks = torch_optimizers.classes(program)
    blocks += [torch_optimizers.APPLY] if printer.applies else []
    own = torch_networks.own_layers(program)
    parts = training_file.Parts("PyTorch", own, blocks, "", made, step, printer.refused)
    return training_file.text(program, parts)


def construction(program: d.Program, owner: str = "self.") -> list[str]:
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
