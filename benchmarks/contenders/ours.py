"""The project's own training step, as `train.py` runs it."""

import numpy as np


def make_step(model, batch_size, threads=0, **settings):
    """Returns a function that does one step.

    Args:
      threads: within one operation, 0 for as many as there are cores.
      settings: further settings of the system's config.
    """
    from dcgan_v1 import runtime

    tf = runtime.prepare()
    from dcgan_v1.data.pipeline import InMemory
    from dcgan_v1.systems import SYSTEMS
    from dcgan_v1.training.graph import build_train_graph

    shape = (2000, *SYSTEMS[model].image_shape)
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    config = SYSTEMS[model].config(batch_size=batch_size, **settings)
    graph = build_train_graph(config, InMemory(images))
    session_config, _ = runtime.session_config()
    session_config.intra_op_parallelism_threads = threads
    session = tf.Session(config=session_config)
    session.run(graph.initialize)
    graph.start_data(session, 0)
    tf.get_default_graph().finalize()
    fetches = {"op": graph.train.op, "scalars": graph.train.scalars}
    return lambda: session.run(fetches)
