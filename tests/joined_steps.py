"""One worker of a training in float64: `joined_steps.py TF_CONFIG OUT BN MODEL`.

It writes every variable after STEPS steps, and the scalars of the last, to OUT.npz.
Each step's numbers come from outside, the whole batch to every worker.
"""

import json
import os
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import runtime, systems
from dcgan_v1.distributed import cluster

STEPS, BATCH = 10, 6
LAST = 2  # images in a smaller last batch: of 3 workers one has none


def build(tf, config, system):
    """Returns (fetches, feeds of a step as a function of its number)."""
    from dcgan_v1 import models
    from dcgan_v1.distributed import collectives
    from dcgan_v1.nn import augmentation

    fed = {"real": (system.image_shape, "real")}
    fed |= dict.fromkeys(system.streams, ((system.z_dim,), "z"))
    fed |= {name: (shape, "keep") for name, shape in system.masks.items()}
    if hasattr(config, "augment"):
        numbers = (augmentation.NUMBERS,), "fraction"
        fed |= dict.fromkeys(("augment_real", "augment_fake"), numbers)
    phs = {
        name: tf.placeholder(tf.bool if kind == "keep" else tf.float64, [None, *shape])
        for name, (shape, kind) in fed.items()
    }
    shares = {name: collectives.share(ph) for name, ph in phs.items()}
    model = models.get(config.model)
    step = model.training_step(config, *model.networks(config), **shares)

    def feeds(number):
        rng = np.random.default_rng([number, len(config.model)])
        smaller = number == STEPS - 1 and system.last_batch == "smaller"
        found = {}
        for name, (shape, kind) in fed.items():
            of_real = name == "real" or name.startswith("keep_real")
            few = smaller and (of_real or system.noise_follows_batch)
            shape = (LAST if few else BATCH, *shape)
            draw = {
                "real": lambda shape: rng.uniform(*system.image_range, shape),
                "z": lambda shape: rng.normal(size=shape),
                "keep": lambda shape: rng.random(shape) > system.dropout,
                "fraction": rng.random,
            }
            found[phs[name]] = draw[kind](shape)
        return found

    names, parts = [*step.scalars], [*step.scalars.values()]
    scalars = dict(zip(names, collectives.all_reduce(parts), strict=True))
    return {"op": step.d_and_g_op, "scalars": scalars, "norms": step.norms}, feeds


def config_of(system):
    options = {"width": 8, "augment": "all"} if system.data != "digits" else {}
    return system.config(batch_size=BATCH, **options)


def main(out, bn, name):
    together, system = cluster.of_environment(), systems.get(name)
    tf = runtime.prepare()
    session_config, _ = runtime.session_config("cpu")
    joined, open_session = nullcontext(), lambda: tf.Session(config=session_config)
    if together.count > 1:
        from dcgan_v1.distributed.context import WorkerContext

        worker = WorkerContext(together, 60.0)
        smallest = LAST if system.last_batch == "smaller" else BATCH
        joined = worker.joined(smallest_batch=smallest, local_moments=bn == "local")
        open_session = partial(worker.session, session_config)
    with tf.Graph().as_default(), joined:
        tf.set_random_seed(1)
        fetches, feeds = build(tf, config_of(system), system)
        variables = tf.global_variables()
        with open_session() as session:
            session.run(tf.global_variables_initializer())
            for number in range(STEPS):
                last = session.run(fetches, feeds(number))
            values = session.run(variables)
    found = {v.op.name: value for v, value in zip(variables, values, strict=True)}
    for kind in ("scalars", "norms"):
        found |= {f"{kind}/{k}": x for k, x in last[kind].items()}
    np.savez(out, **found)


if __name__ == "__main__":
    os.environ["TF_CONFIG"] = json.dumps(json.loads(sys.argv[1]))
    main(*sys.argv[2:])
