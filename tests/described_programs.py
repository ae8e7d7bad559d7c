"""Descriptions of programs made by hand, and what their train.py does without a framework."""

import sys

import numpy as np

from dcgan_v1.porting import description as d


def gan_program():
    """D(x) and D(G(z)), of nothing but what says how they are fed."""
    x, z = d.Value("x.1", (None, 8, 8, 1)), d.Value("z.2", (None, 10))
    fake, on_x, on_fake = d.Value("fake.3", (None, 8, 8, 1)), d.Value("a.4"), d.Value("b.5")

    def call(network, value, *inputs):
        return d.Node("call", (value,), inputs, {"network": network, "function": "call"})

    def network(name, end):
        body = (d.Node(end, (d.Value("h.7"),), (d.Value("h.6"),)),)
        function = d.Function("call", (d.Value("h.6"),), body, (d.Value("h.7"),))
        return d.Network(name, name, (function,), ())

    nodes = (call("g", fake, z), call("d", on_x, x), call("d", on_fake, fake))
    return d.Program(
        source="",
        variables={},
        networks=(network("g", "tanh"), network("d", "relu")),
        optimizers=(),
        inputs=(d.Node("input", (x,), ops=("x",)), d.Node("input", (z,), ops=("z",))),
        draws=(),
        stages=(d.Stage(0, nodes, ()),),
        losses={},
    )


def feeding(text):
    """The functions of train.py that make a batch."""
    names = {"np": np, "sys": sys}
    exec(text[text.index("FEEDS = {") : text.index("# ---- data ----")], names)
    exec(text[text.index("def source_of(") : text.index("# ---- state ----")], names)
    return names
