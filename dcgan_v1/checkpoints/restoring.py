"""What of a checkpoint fits a graph, and is restored into it."""

from typing import NamedTuple

import tensorflow.compat.v1 as tf

from dcgan_v1 import systems
from dcgan_v1.checkpoints import finding, original_names, reading, saving
from dcgan_v1.errors import UserError
from dcgan_v1.nn.averaging import SUFFIX, is_average
from dcgan_v1.nn.optimizers import is_optimizer_variable

NAMED = 6  # variables an error message lists before it only counts
WAY_ON = "--networks-only takes what there is of the networks and starts the rest anew"


class Plan(NamedTuple):
    """How a checkpoint will be restored.

    Attributes:
      prefix: path of the checkpoint.
      names: name in the checkpoint -> variable.
      note: what a user should know about it, '' for an ordinary one of ours.
      counts_no_steps: the original script wrote it, whose pre-training lies behind it.
      has_averages: whether it holds averages of G's weights, see `averaging`.
      has_discriminator: whether it holds the discriminator.
    """

    prefix: str
    names: dict
    note: str
    counts_no_steps: bool = False
    has_averages: bool = False
    has_discriminator: bool = True


def plan(path, model, variables, networks_only=False, say=lambda text: None):
    """Compares a checkpoint with a training graph, before anything is changed.

    Every file is compared with the manifest, if there is one. The checkpoint may have
    our names or those of the system's original script, with or without optimiser
    slots. Averages of G's weights that only one of the two has are left out.

    Args:
      path, say: see `finding.resolve`.
      model: registry name of the graph's system.
      variables: the graph's saved variables.
      networks_only: take what there is of both networks, leave all else as it starts.

    Raises:
      UserError: it is damaged, or names the keys that are missing, extra or of another
        shape (the first few of each kind, and how many more there are).
    """
    prefix = _sound(path, say)
    found = reading.shapes(prefix)
    wanted = {v.op.name: v for v in variables}
    _refuse_other_systems(prefix, model, found)
    has_averages = any(map(is_average, found)) and any(map(is_average, wanted))
    has_averages = has_averages and not networks_only
    if not has_averages:
        found, wanted = _without_averages(found), _without_averages(wanted)
    is_legacy = _is_legacy(model, found)
    theirs = {name: name for name in wanted}  # our name -> the checkpoint's
    notes = []
    if is_legacy:
        theirs = original_names.names(model, wanted)
        notes.append("written by the original script, which counts no steps")
        if found.pop("global_step", None) is not None:
            notes.append("its global_step, which a later hand added, is not taken")
    has_slots = any(is_optimizer_variable(ours) and name in found for ours, name in theirs.items())
    if networks_only:
        theirs = {k: v for k, v in theirs.items() if not is_optimizer_variable(k)}
        fresh = [ours for ours, name in theirs.items() if name not in found]
        theirs = {ours: name for ours, name in theirs.items() if name in found}
        found = {name: found[name] for name in theirs.values()}
        notes = ["networks only: fresh are " + _named(model, fresh)]
    elif not has_slots:
        theirs = {k: v for k, v in theirs.items() if not is_optimizer_variable(k)}
        notes.append("weights only: fresh optimiser slots" + ("" if is_legacy else ", step 0"))
    names = {name: wanted[ours] for ours, name in theirs.items()}
    _check(prefix, model, found, names, WAY_ON)
    return Plan(
        prefix,
        names,
        "; ".join(notes),
        counts_no_steps=is_legacy and not networks_only,
        has_averages=has_averages,
    )


def _sound(path, say):
    """Returns the prefix meant by a path, its files compared with the manifest."""
    prefix = finding.resolve(path, say)
    if wrong := saving.damage(prefix):
        raise UserError(f"checkpoint {prefix} is damaged: {wrong}; use another one")
    return prefix


def _named(model, fresh):
    """Names variables that start anew: whole networks as such, others one by one."""
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


def plan_networks(path, model, variables, latest=False, say=lambda text: None):
    """Like `plan`, for a graph without optimisers: what it does not hold is ignored.

    A checkpoint of the generator alone is taken, too; see Plan.has_discriminator.

    Args:
      latest: take G's weights as they are, also where there are averages of them.
    """
    prefix = finding.resolve(path, say)
    found = reading.shapes(prefix)
    wanted = {v.op.name: v for v in variables}
    _refuse_other_systems(prefix, model, found)
    if _is_legacy(model, found):
        original = original_names.names(model, wanted)
        wanted = {original[name]: wanted[name] for name in original}
    if not latest:
        wanted = {
            name + SUFFIX if name + SUFFIX in found else name: v for name, v in wanted.items()
        }
    judge = [k for k, v in wanted.items() if "/discriminator/" in v.op.name]
    has_discriminator = not found.keys().isdisjoint(judge)
    if not has_discriminator:
        wanted = {name: v for name, v in wanted.items() if name not in judge}
    found = {name: shape for name, shape in found.items() if name in wanted}
    _check(prefix, model, found, wanted)
    note = "" if has_discriminator else "it holds the generator alone"
    return Plan(prefix, wanted, note, has_discriminator=has_discriminator)


def identify(prefix):
    """Returns a config, otherwise of defaults, that fits a checkpoint's networks."""
    found = reading.shapes(prefix)
    for model, system in systems.SYSTEMS.items():
        original = original_names.variables(model)
        of_ours = any(name.startswith(f"{model}/") for name in found)
        if not of_ours and set(original.values()).isdisjoint(found):
            continue
        if not system.width_of:
            return system.config()
        name = f"{model}/{system.width_of}"
        if name not in found:
            name = original.get(system.width_of)
        if name in found and len(found[name]) == 4:
            return system.config(width=found[name][3])
    raise UserError(
        f"checkpoint {prefix} holds the networks of none of our systems "
        f"({', '.join(systems.SYSTEMS)})"
    )


def arrays(path, model, say=lambda text: None):
    """Returns name -> array of a checkpoint of `model`, in our names.

    The checkpoint may have ours, with or without optimiser slots, or the original
    script's. Averages of G's weights are left out.

    Raises:
      UserError: it is of another system.
    """
    prefix = finding.resolve(path, say)
    found = reading.tensors(prefix)
    _refuse_other_systems(prefix, model, found)
    if not _is_legacy(model, found):
        return _without_averages(found)
    return {
        ours: found[original]
        for ours, original in original_names.all_names(model).items()
        if original in found
    }


def restore(session, plan):
    """Reads a planned checkpoint into the session's variables.

    Builds ops: call it before the graph is finalised.
    """
    try:
        with reading.plain(plan.prefix) as prefix:
            tf.train.Saver(plan.names).restore(session, prefix)
    except reading.ON_BAD_BYTES as error:
        raise UserError(reading.damaged(plan.prefix, error)) from error


def _without_averages(named):
    return {name: value for name, value in named.items() if not is_average(name)}


def _refuse_other_systems(prefix, model, found):
    if any(name.startswith(f"{model}/") for name in found) or _is_legacy(model, found):
        return
    for other in systems.SYSTEMS:
        if any(name.startswith(f"{other}/") for name in found) or _is_legacy(other, found):
            raise UserError(f"checkpoint {prefix} is one of {other}, not of {model}")
    raise UserError(f"checkpoint {prefix} belongs to another system: no variable of {model} in it")


def _is_legacy(model, found):
    """Whether a checkpoint has names of the system's original script."""
    return not set(original_names.variables(model).values()).isdisjoint(found)


def _check(prefix, model, found, wanted, way_on=""):
    """Raises UserError where names -> variables and names -> shapes do not agree."""
    types = reading.dtypes(prefix)
    other_types = [
        f"{name} ({types[name].name}, the model has {v.dtype.base_dtype.name})"
        for name, v in sorted(wanted.items())
        if name in found and types[name] != v.dtype.base_dtype
    ]
    wanted = {name: v.shape.as_list() for name, v in wanted.items()}
    other_shapes = [
        f"{name} ({found[name]}, the model has {wanted[name]})"
        for name in sorted(set(wanted) & set(found))
        if found[name] != wanted[name]
    ]
    problems = {
        "missing": sorted(set(wanted) - set(found)),
        "extra": sorted(set(found) - set(wanted)),
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
        raise UserError(f"checkpoint {prefix} does not fit {model}; {'; '.join(parts)}{hint}")
