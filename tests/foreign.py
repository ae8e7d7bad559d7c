"""A system written down as a stranger's .meta and checkpoint, under names that say nothing."""

import re
from pathlib import Path

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.variable_pb2 import VariableDef

from dcgan_v1 import systems
from dcgan_v1.ports import comparison

NARROW = {"celeba64": {"width": 8}, "images96": {"width": 8}}
WORDS = (
    *("generator", "discriminator", "linear", "conv", "deconv", "bn", "w", "b", "gamma"),
    *("beta", "moving_mean", "moving_variance", "fake", "real", "celeba64", "images96"),
    *("mnist_keras", "mnist_tutorial", "mnist_beginners", "d_adam", "g_adam"),
    *("d_real_adam", "d_fake_adam"),
)
INPUTS = ("real", "fake")  # placeholders keep their names: they are the port's arguments


def nameless(name):
    """'celeba64/discriminator/bn1/gamma' -> 'p8/p1/p5_1/p8' and the like."""
    if name in INPUTS:
        return name
    words = []
    for word in name.split("/"):
        stem, number = re.fullmatch(r"(.*?)_?(\d*)", word).groups()
        if word in WORDS:
            stem, number = word, ""
        if stem in WORDS:
            word = f"p{WORDS.index(stem) * 7 % 31}" + (f"_{9 - int(number) % 9}" if number else "")
        words.append(word)
    return "/".join(words)


def export(model, folder):
    """Writes the system; returns the prefix of its .meta and its checkpoint."""
    config = systems.get(model).config(batch_size=4, **NARROW.get(model, {}))
    prefix = str(folder / model)
    with tf.Graph().as_default(), tf.Session() as session:
        comparison.build_graph(config)
        session.run(tf.global_variables_initializer())
        variables = tf.global_variables()
        saver = tf.train.Saver({nameless(v.op.name): v for v in variables})
        saver.save(session, prefix, write_state=False, write_meta_graph=False)
        meta = tf.train.export_meta_graph(clear_devices=True)
    given = {n.name for n in meta.graph_def.node if n.op == "Placeholder"}
    new = {n.name: n.name if n.name in given else nameless(n.name) for n in meta.graph_def.node}
    assert len(set(new.values())) == len(new)
    for node in meta.graph_def.node:
        node.name = new[node.name]
        inputs = [re.fullmatch(r"(\^?)([^:]*)(.*)", name).groups() for name in node.input]
        node.input[:] = [mark + new[base] + rest for mark, base, rest in inputs]
        node.attr.pop("_class", None)
        if node.op == "VarHandleOp":
            node.attr["shared_name"].s = node.name.encode()
    definitions = [
        VariableDef.FromString(data)
        for data in meta.collection_def["trainable_variables"].bytes_list.value
    ]
    for key in list(meta.collection_def):
        del meta.collection_def[key]
    for d in definitions:
        base = d.variable_name.partition(":")[0]
        renamed = VariableDef(variable_name=f"{new[base]}:0")
        meta.collection_def["trainable_variables"].bytes_list.value.append(
            renamed.SerializeToString()
        )
    Path(f"{prefix}.meta").write_bytes(meta.SerializeToString())
    return prefix
