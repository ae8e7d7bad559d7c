"""Checkpoints from TF1 to the counterparts' own formats and back, bit for bit.

Everything goes: weights, averages, optimiser slots, numbers of updates, the step.
"""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from dcgan_v1 import ports, systems
from dcgan_v1.checkpoints import reading, restoring
from dcgan_v1.checkpoints.checkpoint import open_checkpoint
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.errors import UserError, reason
from dcgan_v1.ports import state
from dcgan_v1.training.graph import build_train_graph

KERAS = (".weights.h5", ".keras")
SAFETENSORS = ".safetensors"
Read = tuple[Any, Any, int]  # a counterpart's Gan, its config, the step


def from_tf1(source: str | Path, to: str, out: str | Path) -> tuple[str, int]:
    """Writes a TF1 checkpoint as one of a counterpart.

    Args:
      source: a checkpoint, or its path: see `open_checkpoint`.
      to: 'tf2', 'keras' or 'torch'.
      out: path of the new file; a prefix for 'tf2'.

    Returns:
      (system, number of variables).
    """
    checkpoint = open_checkpoint(source, print)
    config = checkpoint.config
    if config.model not in systems.with_counterpart(to):
        raise UserError(
            f"{config.model} has no counterpart in {to}; {to} has "
            f"{', '.join(systems.with_counterpart(to))}"
        )
    _check_suffix(out, to)
    arrays = restoring.arrays(checkpoint)
    gan = _gan(config, to)
    state.load(gan, config.model, to, arrays)
    step = int(arrays.get("global_step", 0))
    if to == "torch":
        _write_safetensors(gan, config, step, out)
    elif to == "keras":
        updates = int(gan.optimizers["g_adam"].iterations.numpy())
        if step != updates:  # the file has no other place for it
            raise UserError(
                f"the checkpoint is at step {step}, but its optimiser has updated G "
                f"{updates} times: a Keras file cannot hold both; use --to tf2"
            )
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        save = gan.combined.save if str(out).endswith(".keras") else None
        (save or gan.combined.save_weights)(str(out))
    else:
        _tf2_checkpoint(gan, config, step).write(str(out))
    return config.model, len(arrays)


def to_tf1(source: str | Path, out: str | Path) -> tuple[str, int]:
    """Writes a counterpart's checkpoint, of the kind its name says, as a TF1 one.

    Returns:
      (system, number of variables).
    """
    text = str(source)
    if text.endswith(SAFETENSORS):
        kind, read = "torch", _read_safetensors
    elif text.endswith(KERAS):
        kind, read = "keras", _read_keras
    else:
        kind, read = "tf2", _read_tf2
    present = source if kind != "tf2" else f"{source}.index"
    if not Path(present).is_file():
        raise UserError(f"{present} does not exist")
    try:
        gan, config, step = read(source)
    except UserError:
        raise
    except Exception as error:  # each format's reader raises its own
        raise UserError(
            f"{source} is no sound {kind} checkpoint of ours: {reason(error, 200)}"
        ) from error
    shapes = _shapes(config)
    arrays = state.arrays(gan, config.model, kind, shapes)
    arrays["global_step"] = np.asarray(step, np.int64)
    reading.write(out, {name: arrays[name] for name in shapes})
    return config.model, len(shapes)


def _check_suffix(out: str | Path, to: str) -> None:
    wanted = {"keras": KERAS, "torch": (SAFETENSORS,), "tf2": ()}[to]
    if wanted and not str(out).endswith(wanted):
        raise UserError(f"--out must end in {' or '.join(wanted)} for --to {to}")
    if not wanted and str(out).endswith((*KERAS, SAFETENSORS)):
        raise UserError("--out is a prefix for --to tf2, not the name of such a file")


def _gan(config: Any, kind: str) -> Any:
    width = {"width": config.width} if hasattr(config, "width") else {}
    return ports.get(config.model, kind).Gan(**width)


def _shapes(config: Any) -> dict[str, list[int]]:
    """Returns name -> shape of everything a training run of the system saves."""
    shape = (config.batch_size, *systems.get(config.model).image_shape)
    with tf1.Graph().as_default():
        graph = build_train_graph(config, InMemory(np.zeros(shape, np.uint8)))
        return {v.op.name: v.shape.as_list() for v in graph.saved}


# ---- TF2 ----


def _tf2_checkpoint(gan: Any, config: Any, step: int = 0) -> Any:
    """Both networks, the optimisers by name, the step; and what system it is of."""
    import tensorflow as tf

    return tf.train.Checkpoint(
        generator=gan.generator,
        discriminator=gan.discriminator,
        **gan.optimizers,
        step=tf.Variable(step, dtype=tf.int64),
        model=tf.Variable(config.model),
        width=tf.Variable(getattr(config, "width", 0), dtype=tf.int64),
    )


def _read_tf2(source: str | Path) -> Read:
    value = "{}/.ATTRIBUTES/VARIABLE_VALUE".format
    with reading.plain(str(source)) as readable:
        reader = tf1.train.load_checkpoint(readable)
        config = _config(
            reader.get_tensor(value("model")).decode(), int(reader.get_tensor(value("width")))
        )
        gan = _gan(config, "tf2")
        checkpoint = _tf2_checkpoint(gan, config)
        checkpoint.read(readable).assert_consumed()
    return gan, config, int(checkpoint.step.numpy())


def _config(model: str | None, width: int) -> Any:
    if model not in systems.SYSTEMS:
        raise ValueError(f"it is of {model!r}, none of our systems")
    settings: dict[str, Any] = {"width": width} if width else {}
    return systems.get(model).config(**settings)


# ---- Keras ----


def _read_keras(source: str | Path) -> Read:
    config = systems.MnistKerasConfig()
    gan = _gan(config, "keras")
    gan.combined.load_weights(str(source))
    return gan, config, int(gan.optimizers["g_adam"].iterations.numpy())


# ---- PyTorch ----


def _write_safetensors(gan: Any, config: Any, step: int, out: str | Path) -> None:
    from safetensors.torch import save_file

    Path(out).parent.mkdir(parents=True, exist_ok=True)
    metadata = {"model": config.model, "width": str(config.width), "step": str(step)}
    save_file(_torch_tensors(gan), str(out), metadata)


def _read_safetensors(source: str | Path) -> Read:
    import torch
    from safetensors import safe_open

    with safe_open(str(source), "pt") as file:
        metadata = file.metadata() or {}
        config = _config(metadata.get("model"), int(metadata.get("width", 0)))
        gan = _gan(config, "torch")
        state.load(gan, config.model, "torch", {})  # makes the slots
        tensors = _torch_tensors(gan)
        if set(file.keys()) != set(tensors):
            raise ValueError("it holds other tensors")
        with torch.no_grad():
            for name, tensor in tensors.items():
                tensor.copy_(file.get_tensor(name))
    return gan, config, int(metadata.get("step", 0))


def _torch_tensors(gan: Any) -> dict[str, Any]:
    """Name -> tensor: state dicts of both networks, and the optimisers' states."""
    tensors, names = {}, {}
    for net in ("generator", "discriminator"):
        for name, tensor in getattr(gan, net).state_dict(keep_vars=True).items():
            tensors[f"{net}.{name}"] = tensor
            names[id(tensor)] = f"{net}.{name}"
    for adam, optimizer in gan.optimizers.items():
        for parameter, slots in optimizer.state.items():
            for slot, tensor in slots.items():
                tensors[f"{adam}.{slot}.{names[id(parameter)]}"] = tensor
    return {name: tensor.detach() for name, tensor in tensors.items()}
