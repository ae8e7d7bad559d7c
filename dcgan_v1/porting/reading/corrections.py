"""What a map file says that a port's parts are called: it counts before what was read off."""

import keyword
from dataclasses import dataclass, field

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.records import Tf1Info
from dcgan_v1.porting.reading.network_names import CALLED


@dataclass(frozen=True)
class Names:
    """Names of a port's parts by TF1's.

    Attributes:
      inputs: input, or what is drawn -> argument of the step.
      optimizers: optimiser -> attribute.
      networks: variable -> network that holds it.
      layers: variable -> attribute of the layer that holds it.
    """

    inputs: dict[str, str] = field(default_factory=dict)
    optimizers: dict[str, str] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)


def of(known: Map, info: Tf1Info, path: object) -> Names:
    """Returns the names of a map.

    Args:
      known: the map; info: the program it is of.
      path: of the map, for messages.

    Raises:
      UserError: it names what the program does not have, or gives a name that Python does not take;
        everything is listed.
    """
    sources = {**info.inputs, **info.random}
    optimizers = {u.optimizer for u in info.updates}
    inputs = {tf1.removesuffix(":0"): port for port, tf1 in known.inputs.items()}
    wrong = [f"the input {n}" for n in inputs if n not in sources]
    wrong += [f"the optimiser {n}" for n in known.optimizers if n not in optimizers]
    wrong += [f"the variable {r.tf1}" for r in known.variables if r.tf1 not in info.variables]
    wrong += [
        f"the placeholder {n}"
        for n in dict.fromkeys([*known.training, *known.inference])
        if n.removesuffix(":0") not in info.inputs
    ]
    networks, layers = {}, {}
    names = [*inputs.values(), *known.optimizers.values()]
    for row in known.variables:
        network, _, rest = row.port.partition("/")
        attribute = rest.rpartition("/")[0] or rest
        networks[row.tf1] = network
        layers[row.tf1] = attribute.replace("/", "_")
        names += [network, layers[row.tf1]]
    if wrong:
        raise UserError(f"{path} names what {info.source} does not have: {', '.join(wrong)}")
    bad = [n for n in names if not n.isidentifier() or keyword.iskeyword(n)]
    if bad:
        raise UserError(f"{path}: {bad[0]!r} is no name that Python takes")
    hiding = sorted(CALLED.intersection(inputs.values()))
    if hiding:
        raise UserError(f"{path}: {hiding[0]!r} is what ports call a function: give another name")
    return Names(inputs, dict(known.optimizers), networks, layers)
