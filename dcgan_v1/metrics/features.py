"""Features of images: functions from uint8 images to rows of numbers.

An `Extractor` takes uint8 [N, H, W, C] and returns (features [N, d],) or, of a classifier,
(features [N, d], probabilities [N, classes]).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import pretrained, runtime, systems
from dcgan_v1.checkpoints import finding, reading
from dcgan_v1.errors import UserError, reason
from dcgan_v1.metrics import classifier
from dcgan_v1.nn import ops

Extractor = Callable[[np.ndarray], tuple[np.ndarray, ...]]
CHUNK = 250  # images at a time
RANDOM_WIDTHS = (32, 64, 128, 256)  # channels of the random network's layers
INCEPTION_INPUT, INCEPTION_POOL = "ExpandDims:0", "pool_3:0"  # in the 2015 graph


def open_extractor(
    model: str, classifier_path: Path | str | None = None, device: str = "auto"
) -> AbstractContextManager[Extractor]:
    """Opens the feature extractor of a system's samples.

    Args:
      model: the system's name.
      classifier_path: a checkpoint, None for the one that ships; of no use for faces.
      device: 'auto', 'cpu' or 'gpu'.
    """
    system = systems.get(model)
    if system.features == "classifier":
        return open_classifier(classifier_path, device)
    return open_random(system.image_shape, device=device)


@contextlib.contextmanager
def open_classifier(path: Path | str | None = None, device: str = "auto") -> Iterator[Extractor]:
    """Yields a function from uint8 [N, 28, 28, 1] to (features [N, 128], probabilities
    [N, 10]) of the trained classifier.

    Args:
      path: a checkpoint, None for the one that comes with the project.

    Raises:
      UserError: it holds no such classifier.
    """
    prefix = finding.resolve(path or pretrained.path_of(pretrained.CLASSIFIER))
    with _session(device) as session:
        images = tf.placeholder(tf.uint8, [None, *classifier.IMAGE_SHAPE])
        pixels = tf.cast(images, tf.float32) / 255.0
        logits, features, _ = classifier.classify(pixels, False)
        variables = {v.op.name: v for v in tf.global_variables()}
        shapes = reading.shapes(prefix)
        for name, variable in sorted(variables.items()):
            if tuple(shapes.get(name, ())) != tuple(variable.shape):
                raise UserError(
                    f"{prefix} is not an MNIST classifier: it has no {name} "
                    f"{variable.shape}; give --classifier a checkpoint of train_classifier.py"
                )
        with reading.plain(prefix) as readable:
            tf.train.Saver(variables).restore(session, readable)
        yield _in_chunks(session, images, (features, tf.nn.softmax(logits)))


@contextlib.contextmanager
def open_random(shape: Sequence[int], seed: int = 0, device: str = "auto") -> Iterator[Extractor]:
    """Yields a function from uint8 [N, *shape] to (features [N, 512],) of a network
    that was never trained.

    Four convolutions of stride 2 with He's initial values, drawn from the seed; of the
    last the mean and the largest value of each channel. Such features see colour and
    texture, less of content: their distances rank models of one data set and mean
    nothing beyond.

    Args:
      shape: (H, W, C) of the images.
      seed: of the weights.
      device: 'auto', 'cpu' or 'gpu'.
    """
    with _session(device) as session:
        tf.set_random_seed(seed)
        images = tf.placeholder(tf.uint8, [None, *shape])
        h = tf.cast(images, tf.float32) / 127.5 - 1.0
        init = tf.variance_scaling_initializer(2.0)
        with tf.variable_scope("random_features"):
            for i, width in enumerate(RANDOM_WIDTHS):
                scope = f"conv{i}"
                h = ops.conv2d(h, width, 3, scope, stride=2, w_initializer=init)
                h = tf.nn.relu(h)
        features = tf.concat([tf.reduce_mean(h, [1, 2]), tf.reduce_max(h, [1, 2])], 1)
        session.run(tf.global_variables_initializer())
        yield _in_chunks(session, images, (features,))


@contextlib.contextmanager
def open_inception(path: Path, device: str = "auto") -> Iterator[Extractor]:
    """Yields a function from uint8 [N, H, W, 3] to (features [N, 2048],) of Inception.

    Args:
      path: the frozen graph of 2015, `classify_image_graph_def.pb`, which published
        Fréchet Inception Distances in TensorFlow are computed with.

    Raises:
      UserError: it is no such graph.
    """
    graph_def = tf.GraphDef()
    try:
        graph_def.ParseFromString(path.read_bytes())
    except OSError as error:
        raise UserError(f"--inception {path}: {error.strerror}") from error
    except Exception as error:  # protobuf's DecodeError, which has no public home
        raise UserError(
            f"--inception {path} is not a TensorFlow graph ({reason(error)}); it takes "
            "classify_image_graph_def.pb out of inception-2015-12-05.tgz"
        ) from error
    with _session(device) as session:
        images = tf.placeholder(tf.uint8, [None, None, None, 3])
        try:
            (pool,) = tf.import_graph_def(
                graph_def, {INCEPTION_INPUT: tf.cast(images, tf.float32)}, [INCEPTION_POOL]
            )
        except (ValueError, KeyError) as error:
            raise UserError(
                f"--inception {path} is another graph: it lacks {INCEPTION_INPUT} or "
                f"{INCEPTION_POOL}; it takes classify_image_graph_def.pb"
            ) from error
        yield _in_chunks(session, images, (tf.reshape(pool, [tf.shape(pool)[0], -1]),))


@contextlib.contextmanager
def _session(device: str) -> Iterator[tf.Session]:
    config, _ = runtime.session_config(device)
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        yield session


def _in_chunks(
    session: tf.Session, images_ph: tf.Tensor, tensors: tuple[tf.Tensor, ...]
) -> Extractor:
    def compute(images: np.ndarray) -> tuple[np.ndarray, ...]:
        parts = [
            session.run(tensors, {images_ph: images[start : start + CHUNK]})
            for start in range(0, len(images), CHUNK)
        ]
        return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))

    return compute
