"""What a run writes down: metrics.csv, TensorBoard events, loss curves."""

import csv
import errno
import io
import os

import tensorflow.compat.v1 as tf

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
        kept = [row for row in read_metrics(path) if int(row["step"]) <= step]
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
    text = path.read_text()
    complete = text[: text.rfind("\n") + 1]  # a killed writer may leave half a line
    rows = csv.DictReader(io.StringIO(complete))
    return [row for row in rows if None not in row.values() and None not in row]


class EventWriter:
    """TensorBoard events of a run, through `tf.summary.FileWriter`."""

    def __init__(self, path, graph, first_step):
        """
        Args:
          first_step: what an interrupted run wrote from it on is forgotten.
        """
        self._writer = tf.summary.FileWriter(str(path), graph)
        start = tf.SessionLog(status=tf.SessionLog.START)
        self._writer.add_session_log(start, first_step)

    def add(self, summary, step):
        """Adds a serialised summary."""
        self._writer.add_summary(summary, step)

    def add_scalar(self, tag, value, step):
        value = tf.Summary.Value(tag=tag, simple_value=value)
        self._writer.add_summary(tf.Summary(value=[value]), step)

    def add_text(self, tag, text, step):
        """Adds a text, which TensorBoard shows under its tab of that name."""
        plugin = tf.SummaryMetadata.PluginData(plugin_name="text")
        value = tf.Summary.Value(
            tag=tag,
            metadata=tf.SummaryMetadata(plugin_data=plugin),
            tensor=tf.make_tensor_proto([text.encode()], tf.string),
        )
        self._writer.add_summary(tf.Summary(value=[value]), step)

    def add_png(self, tag, png, shape, step):
        height, width, channels = shape
        image = tf.Summary.Image(
            height=height, width=width, colorspace=channels, encoded_image_string=png
        )
        value = tf.Summary.Value(tag=tag, image=image)
        self._writer.add_summary(tf.Summary(value=[value]), step)

    def flush(self):
        self._writer.flush()

    def close(self):
        self._writer.close()


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
