"""A frozen graph: one file, as TF1 programs exchanged them."""

TITLE = "a frozen graph of TensorFlow 1"
BOUND = 1e-5
NOTE = ""
NEEDS = ()
LOAD = """\
import tensorflow.compat.v1 as tf
graph_def = tf.GraphDef.FromString(open("{name}.pb", "rb").read())
with tf.Graph().as_default(), tf.Session() as session:
    tf.import_graph_def(graph_def, name="")
    {y} = session.run("{y}:0", {{"{x}:0": {x}}})
"""


def write(network, folder):
    """Writes `folder`/NAME.pb."""
    path = folder / f"{network.name}.pb"
    path.write_bytes(network.constants().SerializeToString())
    return {path.name: (LOAD, BOUND)}
