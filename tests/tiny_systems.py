"""The five systems as small as they go: settings, pixels, training graphs."""

import numpy as np

from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.systems import SYSTEMS
from dcgan_v1.training.graph import TrainGraph, build_train_graph

NARROW = {"celeba64": {"width": 8}, "images96": {"width": 8}}
BATCH = 4


def config(name: str, **settings):
    """Returns a system's configuration, with small batches of narrow networks."""
    return SYSTEMS[name].config(batch_size=BATCH, **NARROW.get(name, {}), **settings)


def pixels(name: str, count: int = 2 * BATCH, rng=None) -> np.ndarray:
    """Returns uint8 images [count, H, W, C] of a system's shape, at random."""
    rng = rng or np.random.default_rng(0)
    return rng.integers(0, 256, (count, *SYSTEMS[name].image_shape), np.uint8)


def start(graph: TrainGraph, session) -> None:
    """Sets a training graph to its step 0."""
    session.run(graph.initialize)
    graph.start_data(session, 0)


def training_graph(session, config, images: np.ndarray) -> TrainGraph:
    """Builds a training graph in the session's graph, and starts it."""
    graph = build_train_graph(config, InMemory(images))
    start(graph, session)
    return graph
