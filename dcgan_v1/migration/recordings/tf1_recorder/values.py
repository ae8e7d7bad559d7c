"""A graph as a file, and the values of its variables."""

import numpy as np

from dcgan_v1.migration.recordings.tf1_recorder.graph_ops import (
    is_reference,
    tf_v1,
    trained_names,
    variable_name,
)


def export_graph(graph, path):
    """Writes a graph as a MetaGraphDef."""
    # a session of tf.train's has finished its graph, and exporting adds to it
    was_final = graph.finalized
    if was_final:
        graph._unsafe_unfinalize()
    try:
        with graph.as_default():
            tf_v1().train.export_meta_graph(path, clear_devices=True, graph=graph)
    finally:
        if was_final:
            graph.finalize()


def slot_names(calls, graph):
    """Returns names of the optimisers' own variables, of all calls' updates."""
    names = set()
    for contents in calls:
        for op in contents.applies:
            names.update(variable_name(t) for t in op.inputs if is_reference(t))
    return names - trained_names(graph)


def variable_values(run, session, without=()):
    """Returns name -> array of all variables that have numbers, but those of `without`.

    Args:
      run: the plain `Session.run`, which records nothing.
    """
    keys = tf_v1().GraphKeys
    variables = session.graph.get_collection(keys.GLOBAL_VARIABLES)
    variables = variables + session.graph.get_collection(keys.LOCAL_VARIABLES)
    by_name = {v.op.name: v for v in variables if v.op.name not in without}
    values = initialised(run, session, sorted(by_name.items()))
    return {n: a for n, a in values.items() if np.asarray(a).dtype.kind in "biufc"}


def initialised(run, session, variables):
    """Returns name -> value of those (name, variable) that are initialised.

    All in one call, for TensorFlow optimises the whole graph for each call of other
    tensors; where one of them has no value, the two halves.


    Args:
      run: the plain `Session.run`.
      session: the program's.
      variables: (name, variable) of each.
    """
    try:
        return dict(run(session, dict(variables)))
    except Exception:  # not initialised, and then not used either
        if len(variables) <= 1:
            return {}
    middle = len(variables) // 2
    values = initialised(run, session, variables[:middle])
    values.update(initialised(run, session, variables[middle:]))
    return values
