"""What a run writes down: metrics.csv, TensorBoard events, loss curves."""

import csv
import errno
import io
import os
import socket
import time

import tensorflow.compat.v1 as tf
from tensorboard.summary.writer.record_writer import RecordWriter

from dcgan_v1.rundir import write_atomically


class MetricsFile:
    """metrics.csv: one line per summary. A value a step did not have stays empty.

    It holds nothing that depends on the machine or the hour, so two runs of one config
    write the same bytes.
    """

    def __init__(self, path, step, scalars):
        """Begins or goes on; lines past `step` (a restored step) are dropped.

        Args:
          scalars: names of the columns after step and epoch.
        """
        columns = ("step", "epoch", *scalars)
        kept = [
            row
            for row in read_metrics(path)
            if int(row["step"]) <= step and set(row) == set(columns)
        ]
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
        write_atomically(path, buffer.getvalue().encode())
        self._path, self._columns = path, columns

    def write(self, step, epoch, scalars):
        # nine digits tell any two float32 apart
        values = {name: f"{value:.9g}" for name, value in scalars.items()}
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, self._columns, lineterminator="\n")
        writer.writerow({"step": step, "epoch": epoch, **values})
        append(self._path, buffer.getvalue().encode())


def append(path, data):
    """Adds bytes to a file: all of them or, where the disk does not take them, none."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            if file.write(data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.truncate(path, before)
            raise


def read_metrics(path):
    """Returns the complete lines of a metrics.csv as dicts of strings; [] if none."""
    if not path.exists():
        return []
    text = path.read_text(errors="replace")
    complete = text[: text.rfind("\n") + 1]  # a killed writer may leave half a line
    rows = csv.DictReader(io.StringIO(complete))
    return [row for row in rows if _is_sound(row)]


def _is_sound(row):
    """Whether a row has a step and otherwise numbers, or nothing, in every column."""
    if None in row or None in row.values() or not row.get("step", "").isdecimal():
        return False
    try:
        return all(float(value or 0) is not None for value in row.values())
    except ValueError:
        return False


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
        append(self._path, record)


def draw_curves(metrics_path, png_path):
    """Draws the losses and D's mean outputs of a metrics.csv over the steps."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = read_metrics(metrics_path)
    names = rows[0].keys() if rows else ()
    losses = [name for name in names if "loss" in name]
    others = [name for name in names if name.startswith(("d_mean", "d_accuracy"))]
    panels = [("loss", losses), ("D: mean output, accuracy", others)]
    figure, axes = pyplot.subplots(2, 1, sharex=True, figsize=(8, 6), dpi=100)
    for axis, (title, columns) in zip(axes, panels, strict=True):
        for name in columns:
            points = [(int(r["step"]), float(r[name])) for r in rows if r[name]]
            if points:
                axis.plot(*zip(*points, strict=True), label=name, linewidth=0.8)
        axis.set_ylabel(title)
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend(loc="upper right")
    axes[1].set_xlabel("step")
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    pyplot.close(figure)
    write_atomically(png_path, buffer.getvalue())
