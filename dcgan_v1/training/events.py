"""TensorBoard's event files, written by ourselves so that no event is lost silently."""

import os
import socket
import time
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf
from tensorboard.summary.writer.record_writer import RecordWriter

from dcgan_v1 import files
from dcgan_v1.training import scalars

DESCRIBED = {scalars.tag_of(name): scalar.text for name, scalar in scalars.SCALARS.items()}


class EventWriter:
    """TensorBoard events of a run: each is on the disk, or an OSError, at once.

    `tf.summary.FileWriter` does without an error where it cannot write.
    """

    def __init__(self, folder: Path, graph: tf.Graph, first_step: int) -> None:
        """
        Args:
          folder: of the event files; this writer's comes last in their order.
          graph: the run's.
          first_step: what an interrupted run wrote from it on is forgotten.
        """
        host, pid = socket.gethostname(), os.getpid()
        name = f"events.out.tfevents.{time.time():.6f}.{host}.{pid}"
        self._records = RecordWriter(_Appended(folder / name))
        self._write(file_version="brain.Event:2")
        definition = graph.as_graph_def(add_shapes=True)
        # TensorBoard shows a box for each branch of each tf.cond beside the graph
        del definition.library.function[:]
        self._write(graph_def=definition.SerializeToString())
        start = tf.SessionLog(status=tf.SessionLog.START)
        self._write(step=first_step, session_log=start)

    def add(self, summary: bytes, step: int) -> None:
        """Adds a serialised summary; its scalars are described."""
        values = tf.Summary.FromString(summary)
        for value in values.value:
            if value.tag in DESCRIBED:
                value.metadata.summary_description = DESCRIBED[value.tag]
        self._write(step=step, summary=values)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        """Adds a number, in the group of it.

        Args:
          name: see `scalars`; value: the number.
          step: the run's.
        """
        tag = scalars.tag_of(name)
        text = tf.SummaryMetadata(summary_description=DESCRIBED.get(tag, ""))
        self._add_value(step, tag=tag, simple_value=value, metadata=text)

    def add_text(self, tag: str, text: str, step: int) -> None:
        """Adds a text, which TensorBoard shows under its tab of that name.

        Args:
          tag: its name; text: in Markdown.
          step: the run's.
        """
        plugin = tf.SummaryMetadata.PluginData(plugin_name="text")
        self._add_value(
            step,
            tag=tag,
            metadata=tf.SummaryMetadata(plugin_data=plugin),
            tensor=tf.make_tensor_proto([text.encode()], tf.string),
        )

    def add_png(self, tag: str, png: bytes, shape: tuple[int, ...], step: int) -> None:
        """Adds a picture.

        Args:
          tag: its name.
          png: its file's content.
          shape: (height, width, channels).
          step: the run's.
        """
        height, width, channels = shape
        image = tf.Summary.Image(
            height=height, width=width, colorspace=channels, encoded_image_string=png
        )
        self._add_value(step, tag=tag, image=image)

    def _add_value(self, step: int, **value: Any) -> None:
        summary = tf.Summary(value=[tf.Summary.Value(**value)])
        self._write(step=step, summary=summary)

    def _write(self, **content: Any) -> None:
        event = tf.Event(wall_time=time.time(), **content)
        self._records.write(event.SerializeToString())


class _Appended:
    """A file as RecordWriter wants it, to which each record is added whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, record: bytes) -> None:
        files.append(self._path, record)
