"""One worker of a training in float64: `joined_steps.py TF_CONFIG OUT BN MODEL...`.

It writes every variable after STEPS steps, and the scalars of the last, to OUT.npz.
Each step's numbers come from outside, the whole batch to every worker.
"""

import json
import os
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import cluster, runtime, systems

STEPS, BATCH = 10, 6
LAST = (
    2  # images in the last batch, where it may be smaller: with 3 workers one has none
)


def build(tf, config, system):
    """Returns (fetches, feeds of a step as a function of its number)."""
    from dcgan_v1 import models
    from dcgan_v1.nn import joining

    fed = {"real": (system.image_shape, "real")}
    fed |= dict.fromkeys(system.streams, ((system.z_dim,), "z"))
    fed |= {name: (shape, "keep") for name, shape in system.masks.items()}
    types = {"real": tf.float64, "z": tf.float64, "keep": tf.bool}
    phs = {
        name: tf.placeholder(types[kind], [None, *shape])
        for name, (shape, kind) in fed.items()
    }
    shares = {name: joining.share(ph) for name, ph in phs.items()}
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
            low, high = system.image_range
            found[phs[name]] = (
                rng.random(shape) > system.dropout
                if kind == "keep"
                else rng.normal(size=shape)
                if kind == "z"
                else rng.uniform(low, high, shape)
            )
        return found

    names, parts = [*step.scalars], [*step.scalars.values()]
    scalars = dict(zip(names, joining.total(parts), strict=True))
    return {"op": step.d_and_g_op, "scalars": scalars, "norms": step.norms}, feeds


def config_of(system):
    options = {"width": 8} if system.width_of else {}
    return system.config(batch_size=BATCH, **options)


def main(out, bn, names):
    together = cluster.of_environment()
    tf = runtime.prepare()
    session_config, _ = runtime.session_config("cpu")
    found = {}
    membership = None
    if together.count > 1:
        from dcgan_v1.training.workers import Membership

        membership = Membership(together, 60.0)
    for name in names:
        system = systems.get(name)
        joined = nullcontext()
        if membership:
            joined = membership.joined(local_moments=bn == "local")
        with tf.Graph().as_default(), joined:
            tf.set_random_seed(1)
            fetches, feeds = build(tf, config_of(system), system)
            variables = tf.global_variables()
            with (
                membership.session(session_config)
                if membership
                else tf.Session(config=session_config)
            ) as session:
                session.run(tf.global_variables_initializer())
                for number in range(STEPS):
                    last = session.run(fetches, feeds(number))
                for v, value in zip(variables, session.run(variables), strict=True):
                    found[v.op.name] = value
        found |= {f"{name}/scalar/{k}": x for k, x in last["scalars"].items()}
        found |= {f"{name}/norm/{k}": x for k, x in last["norms"].items()}
    np.savez(out, **found)


if __name__ == "__main__":
    os.environ["TF_CONFIG"] = json.dumps(json.loads(sys.argv[1]))
    main(*sys.argv[2:4], sys.argv[4:])
