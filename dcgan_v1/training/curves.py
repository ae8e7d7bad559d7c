"""curves.png: the losses of a run, and what D thinks."""

from pathlib import Path

from dcgan_v1 import files, plotting
from dcgan_v1.training.metrics_file import read_metrics


def draw(metrics_path: Path, png_path: Path) -> None:
    """Draws the losses and D's mean outputs of a metrics.csv over the steps."""
    rows = read_metrics(metrics_path)
    names = [*rows[0]] if rows else []
    losses = [name for name in names if "loss" in name]
    others = [name for name in names if name.startswith(("d_mean", "d_accuracy"))]
    panels = [("loss", losses), ("D: mean output, accuracy", others)]
    figure = plotting.figure(8, 6)
    axes = figure.subplots(2, 1, sharex=True)
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
    files.write_atomically(png_path, plotting.png(figure))
