"""Opens a TF1 program in any form as one: a GraphDef, its variables, and values for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework.variable_pb2 import VariableDef
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from dcgan_v1.checkpoints import reading
from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration.recordings.tf1_recorder.graph_ops import SOURCES
from dcgan_v1.migration.recordings.tf1_recording import Recording
from dcgan_v1.migration.records import Arrays
from dcgan_v1.migration.runners.tf1.graph import inlining, unsafe
from dcgan_v1.migration.specs import Tf1

VARIABLES = ("Variable", "VariableV2", "VarHandleOp")


Parsed = tuple[MetaGraphDef, str, str | None]  # graph, where it came from, its checkpoint


class Opened(NamedTuple):
    """A TF1 program in normal form.

    Attributes:
      meta: MetaGraphDef, in float32 as it was made; devices cleared.
      source: for messages: where it came from.
      variables: names of the nodes that are variables, in order. Of a frozen graph,
        of its large constants.
      trainable: those that are trained; knows_trainable: whether the graph says so.
      initializers: variable -> name of the op that gives it its first value.
      values: variable -> start value of a checkpoint; empty where there is none.
      collections: name -> names of nodes, of the collections that hold tensors or ops.
      frozen: whether the variables are constants.
      recording: the `recording.Recording` it comes from, or None.
    """

    meta: MetaGraphDef
    source: str
    variables: list[str]
    trainable: list[str]
    knows_trainable: bool
    initializers: dict[str, str]
    values: Arrays
    collections: dict[str, list[str]]
    frozen: bool
    recording: Recording | None


def open_program(spec: Tf1) -> Opened:
    """Brings a `specs.Tf1` to normal form.

    Raises:
      UserError: it cannot be read, needs unknown ops, holds unsafe ones, or its
        checkpoint is of another graph.
    """
    forms = [
        k
        for k in ("meta", "function", "saved_model", "frozen", "recording")
        if getattr(spec, k) is not None
    ]
    if len(forms) != 1:
        raise UserError("Tf1 takes one of meta, function, saved_model, frozen and recording")
    for library in spec.libraries:
        unsafe.load_library(library)
    meta, source, checkpoint = FORMS[forms[0]](spec)
    for node in unsafe.all_nodes(meta.graph_def):
        node.device = ""
        # the name of a function of tf.custom_gradient's, lost with its program; what
        # the op is made of has the same gradient, or it would be no gradient
        node.attr.pop("_gradient_op_type", None)
        if node.op not in SOURCES:  # what fills a queue is cut off, and its shapes with it
            node.attr.pop("_output_shapes", None)  # 1.15's are not those of today's kernels
    unsafe.refuse_unknown(meta, source)
    if not spec.trust:
        unsafe.refuse_unsafe(meta, source)
    inlining.inline(meta)
    frozen = forms[0] == "frozen"
    nodes = meta.graph_def.node
    if frozen:
        variables = _large_constants(meta.graph_def)
        trainable = list(variables)
    else:
        variables = [node.name for node in nodes if node.op in VARIABLES]
        trainable = _trainable(meta, variables)
    recording = Recording(str(spec.recording)) if forms[0] == "recording" else None
    if recording and not checkpoint:
        values = {n: a for n, a in recording.values.items() if n in variables}
    else:
        values = _values(checkpoint, meta, variables, source) if checkpoint else {}
    collections = {
        key: list(collection.node_list.value)
        for key, collection in meta.collection_def.items()
        if collection.WhichOneof("kind") == "node_list"
    }
    initializers = {
        d.variable_name.partition(":")[0]: d.initializer_name.partition(":")[0]
        for key in ("variables", "trainable_variables")
        if key in meta.collection_def
        for d in _definitions(meta, key)
    }
    knows = not frozen and "trainable_variables" in meta.collection_def
    return Opened(
        meta,
        source,
        variables,
        trainable,
        knows,
        initializers,
        values,
        collections,
        frozen,
        recording,
    )


# ---- where a graph comes from ----


def _from_meta(spec: Tf1) -> Parsed:
    return _parsed(spec.meta, MetaGraphDef), str(spec.meta), spec.checkpoint


def _from_recording(spec: Tf1) -> Parsed:
    meta = Recording(str(spec.recording)).meta
    return _parsed(meta, MetaGraphDef), str(spec.recording), spec.checkpoint


def _from_function(spec: Tf1) -> Parsed:
    name = f"{getattr(spec.function, '__name__', 'the function')}()"
    with tf.Graph().as_default() as graph:
        try:
            spec.function()  # type: ignore[misc]  # it is the form that was chosen
        except Exception as error:  # whatever the user's code raises
            raise UserError(
                f"{name} failed: {type(error).__name__}: {reason(error, 200)}"
            ) from error
        if not graph.get_operations():
            raise UserError(f"{name} built nothing in the default graph")
        meta = tf.train.export_meta_graph()
    return meta, name, spec.checkpoint


def _from_saved_model(spec: Tf1) -> Parsed:
    path = Path(str(spec.saved_model)) / "saved_model.pb"
    saved = _parsed(path, saved_model_pb2.SavedModel)
    metas = saved.meta_graphs
    if not metas:
        raise UserError(f"{path} holds no graph")
    if metas[0].HasField("object_graph_def"):
        raise UserError(
            f"{path} is a TF2 SavedModel, whose functions have no TF1 graph; compare "
            "the model that it was saved from"
        )
    training = [m for m in metas if "train" in m.meta_info_def.tags]
    prefix = Path(str(spec.saved_model)) / "variables" / "variables"
    checkpoint = spec.checkpoint or (str(prefix) if prefix.parent.is_dir() else None)
    return (training or list(metas))[0], str(path), checkpoint


def _from_frozen(spec: Tf1) -> Parsed:
    graph_def = _parsed(spec.frozen, tf.GraphDef)
    return MetaGraphDef(graph_def=graph_def), str(spec.frozen), None


FORMS: dict[str, Callable[[Tf1], Parsed]] = {
    "meta": _from_meta,
    "function": _from_function,
    "saved_model": _from_saved_model,
    "frozen": _from_frozen,
    "recording": _from_recording,
}


def _parsed(path: str | Path | None, message: Any) -> Any:
    assert path is not None
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    proto = message()
    try:
        proto.ParseFromString(data)
    except DecodeError as error:
        raise UserError(f"{path} is no {message.DESCRIPTOR.name}") from error
    graphs = proto if message is tf.GraphDef else getattr(proto, "graph_def", None)
    if graphs is not None and not graphs.node:
        raise UserError(f"{path} is no {message.DESCRIPTOR.name}: it has no nodes")
    return proto


# ---- variables ----


def _definitions(meta: MetaGraphDef, key: str) -> list[VariableDef]:
    """Returns the VariableDefs of a collection."""
    return [VariableDef.FromString(data) for data in meta.collection_def[key].bytes_list.value]


def _trainable(meta: MetaGraphDef, variables: list[str]) -> list[str]:
    """Names in the graph's collection, or all where it has none."""
    key = "trainable_variables"
    if key not in meta.collection_def:
        return list(variables)
    names = {d.variable_name.partition(":")[0] for d in _definitions(meta, key)}
    return [name for name in variables if name in names]


def _large_constants(graph_def: tf.GraphDef) -> list[str]:
    """Constants that `convert_variables_to_constants` made: read by an Identity."""
    reads = {
        node.input[0].partition(":")[0]
        for node in graph_def.node
        if node.op in ("Identity", "ReadVariableOp") and node.input
    }
    return [
        node.name
        for node in graph_def.node
        if node.op == "Const"
        and node.name in reads
        and node.attr["dtype"].type == tf.float32.as_datatype_enum
        and tf.TensorShape(node.attr["value"].tensor.tensor_shape).rank
    ]


def _values(checkpoint: str, meta: MetaGraphDef, variables: list[str], source: str) -> Arrays:
    """Reads the start values. Slots may be missing from a checkpoint, weights not."""
    if not reading.files_of(checkpoint):
        raise UserError(f"no checkpoint at {checkpoint}")
    with reading.opened(checkpoint) as reader:
        shapes = reader.get_variable_to_shape_map()
        arrays: Arrays = {}
        missing: list[str] = []
        nodes = {node.name: node for node in meta.graph_def.node}
        trained = set(_trainable(meta, variables))
        for name in variables:
            shape = tf.TensorShape(nodes[name].attr["shape"].shape)
            key = _key(nodes[name], name)
            if key not in shapes:
                missing += [name] if name in trained else []
            elif not shape.is_compatible_with(shapes[key]):
                raise UserError(
                    f"{checkpoint} is of another graph than {source}: {name} has shape "
                    f"{shapes[key]} in it, {shape.as_list()} in the graph"
                )
            else:
                arrays[name] = np.asarray(reader.get_tensor(key))
    if missing:
        raise UserError(
            f"{checkpoint} is of another graph than {source}: it has no {missing[0]}"
            + (f", nor {len(missing) - 1} more" if len(missing) > 1 else "")
        )
    return arrays


def _key(node: Any, name: str) -> str:
    """A resource variable is saved under its shared name."""
    shared_name = node.attr["shared_name"].s.decode() if node.op == "VarHandleOp" else ""
    return shared_name or name
