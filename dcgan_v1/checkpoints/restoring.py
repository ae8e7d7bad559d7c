"""What of a checkpoint fits a graph, and is restored into it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.checkpoints import manifest, original_names, reading
from dcgan_v1.checkpoints.checkpoint import Checkpoint
from dcgan_v1.errors import UserError
from dcgan_v1.nn.averaging import SUFFIX, is_average
from dcgan_v1.nn.optimizers import is_optimizer_variable

Value = TypeVar("Value")
NAMED = 6  # variables an error message lists before it only counts
WAY_ON = "--networks-only takes what there is of the networks and starts the rest afresh"


@dataclass(frozen=True)
class Plan:
    """How a checkpoint will be restored.

    Attributes:
      prefix: path of the checkpoint.
      variables: name in the checkpoint -> variable.
      note: what a user should know about it, '' for an ordinary one of ours.
      counts_no_steps: the original script wrote it, whose pre-training lies behind it.
      has_averages: whether it holds averages of G's weights, see `averaging`.
      has_discriminator: whether it holds the discriminator.
    """

    prefix: str
    variables: dict[str, tf.Variable]
    note: str = ""
    counts_no_steps: bool = False
    has_averages: bool = False
    has_discriminator: bool = True


def plan(
    checkpoint: Checkpoint,
    model: str,
    variables: Sequence[tf.Variable],
    networks_only: bool = False,
) -> Plan:
    """Compares a checkpoint with a training graph, before anything is changed.

    Every file is compared with the manifest, if there is one. The checkpoint may have
    our names or those of the system's original script, with or without optimiser
    slots. Averages of G's weights that only one of the two has are left out.

    Args:
      checkpoint: see `open_checkpoint`.
      model: registry name of the graph's system.
      variables: the graph's saved variables.
      networks_only: take what there is of both networks, leave all else as it starts.

    Raises:
      UserError: it is damaged, or names the keys that are missing, extra or of another
        shape (the first few of each kind, and how many more there are).
    """
    if damage := manifest.damage(checkpoint.prefix):
        raise UserError(f"checkpoint {checkpoint.prefix} is damaged: {damage}; use another one")
    _refuse_other_systems(checkpoint, model)
    shapes = dict(checkpoint.shapes)
    own = {v.op.name: v for v in variables}
    has_averages = any(map(is_average, shapes)) and any(map(is_average, own))
    has_averages = has_averages and not networks_only
    if not has_averages:
        shapes, own = _without_averages(shapes), _without_averages(own)
    names = {name: name for name in own}  # ours -> the checkpoint's
    notes = []
    if checkpoint.is_original:
        names = original_names.names(model, own)
        notes.append("written by the original script, which counts no steps")
        if shapes.pop("global_step", None) is not None:
            notes.append("its global_step, which was added later, is not taken")
    has_slots = any(is_optimizer_variable(ours) and name in shapes for ours, name in names.items())
    if networks_only:
        names = {k: v for k, v in names.items() if not is_optimizer_variable(k)}
        fresh = [ours for ours, name in names.items() if name not in shapes]
        names = {ours: name for ours, name in names.items() if name in shapes}
        shapes = {name: shapes[name] for name in names.values()}
        notes = ["networks only: fresh are " + _text_of(model, fresh)]
    elif not has_slots:
        names = {k: v for k, v in names.items() if not is_optimizer_variable(k)}
        step = "" if checkpoint.is_original else ", step 0"
        notes.append(f"weights only: fresh optimiser slots{step}")
    restored = {name: own[ours] for ours, name in names.items()}
    _check(checkpoint, model, shapes, restored, WAY_ON)
    return Plan(
        checkpoint.prefix,
        restored,
        "; ".join(notes),
        counts_no_steps=checkpoint.is_original and not networks_only,
        has_averages=has_averages,
    )


def _text_of(model: str, fresh: Iterable[str]) -> str:
    """Names variables that start afresh: whole networks as such, others one by one."""
    parts = []
    for net in ("generator", "discriminator"):
        of_net = [name for name in fresh if name.startswith(f"{model}/{net}/")]
        averages = all("/moving_" in name for name in of_net)
        if of_net and len(of_net) <= NAMED:
            parts.append(", ".join(of_net))
        elif of_net:
            what = "averages" if averages else "weights and averages"
            parts.append(f"{len(of_net)} {what} of the {net}")
    return "; ".join([*parts, "all optimiser slots and the step"])


def plan_networks(
    checkpoint: Checkpoint, variables: Sequence[tf.Variable], latest: bool = False
) -> Plan:
    """Like `plan`, for a graph without optimisers: what it does not hold is ignored.

    A checkpoint of the generator alone is taken, too; see Plan.has_discriminator.

    Args:
      checkpoint: of the graph's system.
      variables: the graph's.
      latest: take G's weights as they are, also where there are averages of them.

    Raises:
      UserError: a variable is missing, or of another shape or type.
    """
    shapes = checkpoint.shapes
    targets = {v.op.name: v for v in variables}
    if checkpoint.is_original:
        original = original_names.names(checkpoint.model, targets)
        targets = {original[name]: targets[name] for name in original}
    if not latest:
        targets = {
            name + SUFFIX if name + SUFFIX in shapes else name: v for name, v in targets.items()
        }
    of_d = [k for k, v in targets.items() if "/discriminator/" in v.op.name]
    has_discriminator = not shapes.keys().isdisjoint(of_d)
    if not has_discriminator:
        targets = {name: v for name, v in targets.items() if name not in of_d}
    shapes = {name: shape for name, shape in shapes.items() if name in targets}
    _check(checkpoint, checkpoint.model, shapes, targets)
    note = "" if has_discriminator else "it holds the generator alone"
    return Plan(checkpoint.prefix, targets, note, has_discriminator=has_discriminator)


def arrays(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    """Returns name -> array of a checkpoint of one of our systems, in our names.

    The checkpoint may have ours, with or without optimiser slots, or the original
    script's. Averages of G's weights are left out.
    """
    tensors = reading.tensors(checkpoint.prefix)
    if not checkpoint.is_original:
        return _without_averages(tensors)
    return {
        ours: tensors[original]
        for ours, original in original_names.all_names(checkpoint.model).items()
        if original in tensors
    }


def restore(session: tf.Session, plan: Plan) -> None:
    """Reads a planned checkpoint into the session's variables.

    Builds ops: call it before the graph is finalised.
    """
    try:
        with reading.plain(plan.prefix) as prefix:
            tf.train.Saver(plan.variables, name="checkpoint/restore").restore(session, prefix)
    except reading.ON_BAD_BYTES as error:
        raise UserError(reading.damaged(plan.prefix, error)) from error


def _without_averages(by_name: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in by_name.items() if not is_average(name)}


def _refuse_other_systems(checkpoint: Checkpoint, model: str) -> None:
    if checkpoint.model == model:
        return
    if checkpoint.model:
        raise UserError(
            f"checkpoint {checkpoint.prefix} is one of {checkpoint.model}, not of {model}"
        )
    raise UserError(
        f"checkpoint {checkpoint.prefix} belongs to another system: no variable of {model} in it"
    )


def _check(
    checkpoint: Checkpoint,
    model: str,
    shapes: Mapping[str, Sequence[int]],
    variables: Mapping[str, tf.Variable],
    way_on: str = "",
) -> None:
    """Raises UserError where the checkpoint's arrays do not fit the variables.

    Args:
      shapes: of the arrays that count, by name.
      variables: those to restore, by the name in the checkpoint.
      way_on: what to do where only names differ.
    """
    types = checkpoint.dtypes
    other_types = [
        f"{name} ({types[name].name}, the model has {v.dtype.base_dtype.name})"
        for name, v in sorted(variables.items())
        if name in shapes and types[name] != v.dtype.base_dtype
    ]
    model_shapes = {name: v.shape.as_list() for name, v in variables.items()}
    other_shapes = [
        f"{name} ({shapes[name]}, the model has {model_shapes[name]})"
        for name in sorted(set(model_shapes) & set(shapes))
        if shapes[name] != model_shapes[name]
    ]
    problems = {
        "missing": sorted(set(model_shapes) - set(shapes)),
        "extra": sorted(set(shapes) - set(model_shapes)),
        "of another shape": other_shapes,
        "of another type": other_types,
    }
    parts = []
    for what, keys in problems.items():
        if keys:
            more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
            parts.append(f"{what}: {', '.join(keys[:NAMED])}{more}")
    if parts:
        hint = f"; {way_on}" if way_on and not (other_shapes or other_types) else ""
        raise UserError(
            f"checkpoint {checkpoint.prefix} does not fit {model}; {'; '.join(parts)}{hint}"
        )
