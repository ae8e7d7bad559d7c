"""A frozen graph: one file, as TF1 programs exchanged them; 1.15 reads it, too."""

from __future__ import annotations

from pathlib import Path

import tensorflow.compat.v1 as tf

from dcgan_v1.export import Recipes
from dcgan_v1.export.networks import Network

TITLE = "a frozen graph of TensorFlow 1"
BOUND = 1e-5
NOTE = ""
NEEDS: tuple[str, ...] = ()
LOAD = """\
import tensorflow.compat.v1 as tf
graph_def = tf.GraphDef.FromString(open("{name}.pb", "rb").read())
with tf.Graph().as_default(), tf.Session() as session:
    tf.import_graph_def(graph_def, name="")
    {y} = session.run("{y}:0", {{"{x}:0": {x}}})
"""


def write(network: Network, folder: Path) -> Recipes:
    """Writes `folder`/NAME.pb."""
    path = folder / f"{network.name}.pb"
    path.write_bytes(_of_old(network.constants()).SerializeToString())
    return {path.name: (LOAD, BOUND)}


def _of_old(graph_def: tf.GraphDef) -> tf.GraphDef:
    """Leaves out what a graph says that goes without saying: attributes that ops had
    not yet in TensorFlow 1, which refuses to read what it does not know."""
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        meta = tf.train.export_meta_graph(graph=graph, strip_default_attrs=True)
    return meta.graph_def
