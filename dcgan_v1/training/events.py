"""TensorBoard's event files, written by ourselves so that no event is lost silently."""

import os
import socket
import time

import tensorflow.compat.v1 as tf
from tensorboard.summary.writer.record_writer import RecordWriter

from dcgan_v1 import files


class EventWriter:
    """TensorBoard events of a run: each is on the disk, or an OSError, at once.

    `tf.summary.FileWriter` does without an error where it cannot write.
    """

    def __init__(self, folder, graph, first_step):
        """
        Args:
          folder: Path of the event files; this writer's comes last in their order.
          first_step: what an interrupted run wrote from it on is forgotten.
        """
        host, pid = socket.gethostname(), os.getpid()
        name = f"events.out.tfevents.{time.time():.6f}.{host}.{pid}"
        self._records = RecordWriter(_Appended(folder / name))
        self._write(file_version="brain.Event:2")
        definition = graph.as_graph_def(add_shapes=True)
        self._write(graph_def=definition.SerializeToString())
        start = tf.SessionLog(status=tf.SessionLog.START)
        self._write(step=first_step, session_log=start)

    def add(self, summary, step):
        """Adds a serialised summary."""
        self._write(step=step, summary=tf.Summary.FromString(summary))

    def add_scalar(self, tag, value, step):
        self._add_value(step, tag=tag, simple_value=value)

    def add_text(self, tag, text, step):
        """Adds a text, which TensorBoard shows under its tab of that name."""
        plugin = tf.SummaryMetadata.PluginData(plugin_name="text")
        self._add_value(
            step,
            tag=tag,
            metadata=tf.SummaryMetadata(plugin_data=plugin),
            tensor=tf.make_tensor_proto([text.encode()], tf.string),
        )

    def add_png(self, tag, png, shape, step):
        height, width, channels = shape
        image = tf.Summary.Image(
            height=height, width=width, colorspace=channels, encoded_image_string=png
        )
        self._add_value(step, tag=tag, image=image)

    def _add_value(self, step, **value):
        summary = tf.Summary(value=[tf.Summary.Value(**value)])
        self._write(step=step, summary=summary)

    def _write(self, **event):
        event = tf.Event(wall_time=time.time(), **event)
        self._records.write(event.SerializeToString())


class _Appended:
    """A file as RecordWriter wants it, to which each record is added whole."""

    def __init__(self, path):
        self._path = path

    def write(self, record):
        files.append(self._path, record)
