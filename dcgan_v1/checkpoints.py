"""Saver checkpoints: what is in one, what fits a graph, what is restored from where."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import legacy, models, saving
from dcgan_v1.averaging import SUFFIX, is_average
from dcgan_v1.config import CONFIGS
from dcgan_v1.errors import UserError, reason
from dcgan_v1.optimizers import is_optimizers

NAMED = 6  # variables an error message lists before it only counts
ON_BAD_BYTES = (  # what TensorFlow's reader was seen to raise
    tf.errors.OpError,
    ValueError,
    RuntimeError,
    IndexError,
    MemoryError,
)


class Plan(NamedTuple):
    """How a checkpoint will be restored.

    Attributes:
      prefix: path of the checkpoint, as Saver takes it.
      names: name in the checkpoint -> variable.
      note: what a user should know about it, '' for an ordinary one of ours.
      is_legacy: whether the system's original script wrote it.
      has_averages: whether it holds averages of G's weights, see `averaging`.
    """

    prefix: str
    names: dict
    note: str
    is_legacy: bool
    has_averages: bool = False


def resolve(path):
    """Returns the prefix of the checkpoint meant by `path`.

    Args:
      path: a prefix, one of a checkpoint's files, or a folder with a `checkpoint` list
        or a single checkpoint in it or in its `checkpoints/`.

    Raises:
      UserError: there is none.
    """
    if not str(path):
        raise UserError("the path of a checkpoint is empty")
    path = Path(path)
    for folder in (path, path / "checkpoints"):
        if folder.is_dir():
            if ours := saving.list_all(folder):  # TensorFlow's list may be older
                return ours[-1]
            if found := tf.train.latest_checkpoint(str(folder)):
                return found
            indices = list(folder.glob("*.index"))
            if len(indices) == 1:  # as in pretrained/: no list, but no doubt either
                return str(indices[0].with_suffix(""))
    prefix = path.with_suffix("") if path.suffix in (".index", ".meta") else path
    if ".data-" in prefix.name:
        prefix = prefix.with_name(prefix.name.partition(".data-")[0])
    if not Path(f"{prefix}.index").is_file():
        raise UserError(f"no checkpoint at {path}: {prefix}.index does not exist")
    return str(prefix)


def plan_sound(path, model, variables):
    """Like `plan`, after every file has been compared with the manifest, if any."""
    prefix = resolve(path)
    if wrong := saving.damage(prefix):
        raise UserError(f"checkpoint {prefix} is damaged: {wrong}; use another one")
    return plan(prefix, model, variables)


def shapes(prefix):
    """Returns name -> shape (list) of everything in a checkpoint."""
    return _reader(prefix).get_variable_to_shape_map()


def tensors(prefix):
    """Returns name -> numpy array of everything in a checkpoint."""
    reader = _reader(prefix)
    try:
        return {name: reader.get_tensor(name) for name in shapes(prefix)}
    except ON_BAD_BYTES as error:
        raise UserError(_damaged(prefix, error)) from error


def not_finite(arrays):
    """Returns the names of arrays that hold a NaN or an infinity."""
    return [
        name
        for name, array in sorted(arrays.items())
        if array.dtype.kind == "f" and not np.isfinite(array).all()
    ]


def arrays(path, model):
    """Returns name -> array of a checkpoint of `model`, in our names.

    The checkpoint may have ours, with or without optimiser slots, or the original
    script's. Averages of G's weights are left out.

    Raises:
      UserError: it is of another system.
    """
    prefix = resolve(path)
    found = tensors(prefix)
    _refuse_other_systems(prefix, model, found)
    if not _is_legacy(model, found):
        return _without_averages(found)
    return {
        ours: found[original]
        for ours, original in legacy.all_names(model).items()
        if original in found
    }


def _without_averages(named):
    return {name: value for name, value in named.items() if not is_average(name)}


def _reader(prefix):
    try:
        return tf.train.NewCheckpointReader(prefix)
    except ON_BAD_BYTES as error:
        raise UserError(_damaged(prefix, error)) from error


def _damaged(prefix, error):
    return f"checkpoint {prefix} is damaged: {reason(error)}; use another one"


def plan(path, model, variables):
    """Compares a checkpoint with a graph, before anything is changed.

    It may have our names, with or without optimiser slots, or those of the system's
    original script. Averages of G's weights that only one of the two has are left out.

    Args:
      path: see `resolve`.
      model: registry name of the graph's system.
      variables: the graph's saved variables.

    Raises:
      UserError: names the keys that are missing, extra or of another shape (the first
        few of each kind, and how many more there are).
    """
    prefix = resolve(path)
    found = shapes(prefix)
    wanted = {v.op.name: v for v in variables}
    _refuse_other_systems(prefix, model, found)
    note = ""
    has_averages = any(map(is_average, found)) and any(map(is_average, wanted))
    if not has_averages:
        found, wanted = _without_averages(found), _without_averages(wanted)
    is_legacy = _is_legacy(model, found)
    if is_legacy:
        original = legacy.names(model, wanted)
        wanted = {original[name]: wanted[name] for name in original}
        note = "written by the original script, which counts no steps"
    elif not any(is_optimizers(name) for name in found):
        wanted = {k: v for k, v in wanted.items() if not is_optimizers(k)}
        note = "weights only: fresh optimiser slots, step 0"
    _check(prefix, model, found, wanted)
    return Plan(prefix, wanted, note, is_legacy, has_averages)


def identify(prefix):
    """Returns a config, otherwise of defaults, that fits a checkpoint's networks."""
    found = shapes(prefix)
    for model in models.MODELS:
        original = legacy.ORIGINAL[model].variables if model in legacy.ORIGINAL else {}
        of_ours = any(name.startswith(f"{model}/") for name in found)
        if not of_ours and set(original.values()).isdisjoint(found):
            continue
        config_class = CONFIGS[model]
        if not hasattr(config_class, "width"):
            return config_class()
        last = models.get(model).WIDTH_OF
        name = f"{model}/{last}"
        if name not in found:
            name = original.get(last)
        if name in found and len(found[name]) == 4:
            return config_class(width=found[name][3])
    raise UserError(
        f"checkpoint {prefix} holds the networks of none of our systems "
        f"({', '.join(models.MODELS)})"
    )


def plan_networks(path, model, variables, latest=False):
    """Like `plan`, for a graph without optimisers: what it does not hold is ignored.

    Args:
      latest: take G's weights as they are, also where there are averages of them.
    """
    prefix = resolve(path)
    found = shapes(prefix)
    wanted = {v.op.name: v for v in variables}
    _refuse_other_systems(prefix, model, found)
    is_legacy = _is_legacy(model, found)
    if is_legacy:
        original = legacy.names(model, wanted)
        wanted = {original[name]: wanted[name] for name in original}
    if not latest:
        wanted = {
            name + SUFFIX if name + SUFFIX in found else name: v
            for name, v in wanted.items()
        }
    found = {name: shape for name, shape in found.items() if name in wanted}
    _check(prefix, model, found, wanted)
    return Plan(prefix, wanted, "", is_legacy)


def _refuse_other_systems(prefix, model, found):
    if any(name.startswith(f"{model}/") for name in found) or _is_legacy(model, found):
        return
    for other in models.MODELS:
        if any(name.startswith(f"{other}/") for name in found) or _is_legacy(
            other, found
        ):
            raise UserError(f"checkpoint {prefix} is one of {other}, not of {model}")
    raise UserError(
        f"checkpoint {prefix} belongs to another system: no variable of {model} in it"
    )


def _is_legacy(model, found):
    """Whether a checkpoint has names of the system's original script."""
    if model not in legacy.ORIGINAL:
        return False
    return not set(legacy.ORIGINAL[model].variables.values()).isdisjoint(found)


def _check(prefix, model, found, wanted):
    """Raises UserError where names -> variables and names -> shapes do not agree."""
    types = _reader(prefix).get_variable_to_dtype_map()
    other_types = [
        f"{name} ({types[name].name}, the model has {v.dtype.base_dtype.name})"
        for name, v in sorted(wanted.items())
        if name in found and types[name] != v.dtype.base_dtype
    ]
    wanted = {name: v.shape.as_list() for name, v in wanted.items()}
    problems = [
        ("missing", sorted(set(wanted) - set(found))),
        ("extra", sorted(set(found) - set(wanted))),
        (
            "of another shape",
            [
                f"{name} ({found[name]}, the model has {wanted[name]})"
                for name in sorted(set(wanted) & set(found))
                if found[name] != wanted[name]
            ],
        ),
    ]
    problems.append(("of another type", other_types))
    parts = []
    for what, keys in problems:
        if keys:
            more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
            parts.append(f"{what}: {', '.join(keys[:NAMED])}{more}")
    if parts:
        raise UserError(f"checkpoint {prefix} does not fit {model}; {'; '.join(parts)}")


def restore(session, plan):
    """Reads a planned checkpoint into the session's variables.

    Builds ops: call it before the graph is finalised.
    """
    try:
        tf.train.Saver(plan.names).restore(session, plan.prefix)
    except ON_BAD_BYTES as error:
        raise UserError(_damaged(plan.prefix, error)) from error


def write(prefix, arrays):
    """Writes name -> array as a Saver checkpoint, any names a TF1 script may want.

    The folder's `checkpoint` list is left as it is.

    Raises:
      UserError: the file system does not take it.
    """
    no_gpu = tf.ConfigProto(device_count={"GPU": 0})
    with tf.Graph().as_default(), tf.Session(config=no_gpu) as session:
        # the variables' own names do not matter: Saver stores under the dict's keys
        values = {name: tf.placeholder(a.dtype, a.shape) for name, a in arrays.items()}
        variables = {
            name: tf.Variable(value, name=f"v{i}")
            for i, (name, value) in enumerate(values.items())
        }
        session.run(
            tf.global_variables_initializer(),
            {values[name]: array for name, array in arrays.items()},
        )
        try:
            Path(prefix).parent.mkdir(parents=True, exist_ok=True)
            tf.train.Saver(variables).save(
                session, str(prefix), write_meta_graph=False, write_state=False
            )
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise UserError(f"cannot write {prefix}: {reason(error)}") from error
