"""The project's own training step, as `train.py` runs it."""

import os

import numpy as np


def make_step(model, batch_size, **settings):
    """Returns a function that does one step. For the arguments see `open_session`."""
    session, fetches = open_session(model, batch_size, **settings)
    return lambda: session.run(fetches)


def open_session(model, batch_size, threads=0, inter_op=0, forms=None, xla=False, **settings):
    """Returns a session, and what one step fetches.

    Args:
      threads: within one operation, 0 for as many as there are cores; inter_op: operations at
        a time.
      forms: names of `fast_ops` to build by hand, None for those of the device.
      xla: let XLA compile what it can.
      settings: further settings of the system's config.
    """
    from dcgan_v1 import runtime

    # a run ignores settings of oneDNN's; here they are what is measured, and oneDNN reads
    # them when it is first used, as XLA does its own
    settings_of_onednn = {k: v for k, v in os.environ.items() if k.startswith("ONEDNN_")}
    tf = runtime.prepare(keras=False)
    os.environ.update(settings_of_onednn)
    if xla:
        os.environ["TF_XLA_FLAGS"] = "--tf_xla_cpu_global_jit"  # else it leaves the CPU alone
    from dcgan_v1.data.pipeline import InMemory
    from dcgan_v1.nn import fast_ops
    from dcgan_v1.systems import SYSTEMS
    from dcgan_v1.training.graph import build_train_graph

    shape = (2000, *SYSTEMS[model].image_shape)
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    config = SYSTEMS[model].config(batch_size=batch_size, **settings)
    session_config, _ = runtime.session_config()
    if forms is None:
        forms = fast_ops.FORMS[runtime.device_of(session_config)]
    with fast_ops.forms(forms):
        graph = build_train_graph(config, InMemory(images))
    if xla:
        session_config.graph_options.optimizer_options.global_jit_level = tf.OptimizerOptions.ON_2
    session_config.intra_op_parallelism_threads = threads
    session_config.inter_op_parallelism_threads = inter_op
    session = tf.Session(config=session_config)
    session.run(graph.initialize)
    graph.start_data(session, 0)
    tf.get_default_graph().finalize()
    return session, {"op": graph.train.op, "scalars": graph.train.scalars}
