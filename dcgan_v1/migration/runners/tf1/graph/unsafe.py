"""What a graph may hold: no ops that nothing registers, none that touch the machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.framework import op_def_registry

from dcgan_v1.errors import UserError, reason

# Ops that reach beyond the graph: files, Python, other machines.
UNSAFE = {
    "PyFunc",
    "PyFuncStateless",
    "EagerPyFunc",
    "ReadFile",
    "WriteFile",
    "MatchingFiles",
    "WholeFileReader",
    "WholeFileReaderV2",
    "TextLineReader",
    "TextLineReaderV2",
    "TFRecordReader",
    "TFRecordReaderV2",
    "FixedLengthRecordReader",
    "FixedLengthRecordReaderV2",
    "LMDBReader",
    "TextLineDataset",
    "TFRecordDataset",
    "FixedLengthRecordDataset",
    "FixedLengthRecordDatasetV2",
    "GeneratorDataset",
    "LMDBDataset",
    "SqlDataset",
    "LoadDataset",
    "SaveDataset",
    "SaveDatasetV2",
    "SnapshotDataset",
    "PrintV2",
    "DebugIdentity",
    "DebugIdentityV2",
    "RemoteCall",
    "CreateSummaryFileWriter",
    "CreateSummaryDbWriter",
    "RpcCall",
    "AssetsDataset",
    "InitializeTableFromTextFile",
    "InitializeTableFromTextFileV2",
    "RegisterDataset",
    "CSVDataset",
    "CSVDatasetV2",
    "ExperimentalCSVDataset",
    "TFRecordDatasetV2",
    "MatchingFilesDataset",
    "ExperimentalMatchingFilesDataset",
    "CacheDataset",
    "CacheDatasetV2",
    "ExperimentalSqlDataset",
    "ExperimentalLMDBDataset",
    "DatasetToTFRecord",
    "ExperimentalDatasetToTFRecord",
    "SnapshotDatasetV2",
    "SnapshotDatasetReader",
    "SnapshotNestedDatasetReader",
    "SnapshotChunkDataset",
    "ListSnapshotChunksDataset",
    "DataServiceDataset",
    "DataServiceDatasetV2",
    "DataServiceDatasetV3",
    "DataServiceDatasetV4",
    "RegisterDatasetV2",
    "DistributedSave",
    "LoadAndRemapMatrix",
    "GenerateVocabRemapping",
    "EncodeProto",
    "DecodeProtoV2",
    "DebugIdentityV3",
    "DebugNanCount",
    "DebugNumericSummary",
    "DebugNumericSummaryV2",
    "DumpTensor",
    "RpcClient",
    "RpcServer",
    "RpcServerStart",
    "FileSystemSetConfiguration",
    "ExperimentalAssertNextDataset",
    "Abort",
    "CalibrationStatisticsSaver",
    "RecordInput",
    "FixedUnigramCandidateSampler",
    "Skipgram",
    "RpcServerRegister",
}
SAVERS = (  # in every graph with a Saver; unsafe where a step needs one
    "Save",
    "SaveV2",
    "SaveSlices",
    "Restore",
    "RestoreV2",
    "RestoreSlice",
    "MergeV2Checkpoints",
)
KNOWN_LIBRARIES = {  # what tf.contrib registered from files of its own
    "ImageProjectiveTransform": "contrib/image/python/ops/_image_ops.so",
    "PeriodicResample": "contrib/periodic_resample/python/ops/_periodic_resample_op.so",
    "Resampler": "contrib/resampler/python/ops/_resampler_ops.so",
    "SkipGramGenerateCandidates": "contrib/text/python/ops/_skip_gram_ops.so",
    "NcclAllReduce": "contrib/nccl/python/ops/_nccl_ops.so",
}


def load_library(path: str | Path) -> None:
    """Loads a file that registers ops.

    Raises:
      UserError: it cannot be loaded.
    """
    try:
        tf.load_op_library(str(path))
    except (tf.errors.OpError, OSError) as error:
        raise UserError(f"cannot load {path}: {reason(error)}") from error


def all_nodes(graph_def: tf.GraphDef) -> Iterator[Any]:
    """Yields the nodes of a graph and of its functions."""
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def


def refuse_unknown(meta: Any, source: str) -> None:
    """Raises UserError where a graph needs ops that this TensorFlow has not."""
    functions = {f.signature.name for f in meta.graph_def.library.function}
    unknown = sorted(
        {
            node.op
            for node in all_nodes(meta.graph_def)
            if node.op not in functions and op_def_registry.get(node.op) is None
        }
    )
    if unknown:
        libraries = [KNOWN_LIBRARIES[op] for op in unknown if op in KNOWN_LIBRARIES]
        file = f" (TF1 had it in {libraries[0]})" if libraries else ""
        raise UserError(
            f"{source} needs {len(unknown)} ops that TensorFlow {tf.version.VERSION} "
            f"has not: {', '.join(unknown[:8])}; name the file that registers them: "
            f"Tf1(libraries=['ops.so']){file}"
        )


def refuse_unsafe(meta: Any, source: str) -> None:
    """Raises UserError where a graph holds ops that touch the machine."""
    nodes = {n.op: n.name for n in all_nodes(meta.graph_def) if n.op in UNSAFE}
    nodes |= {  # nothing says which functions a step calls
        n.op: f"{n.name} of {function.signature.name}"
        for function in meta.graph_def.library.function
        for n in function.node_def
        if n.op in SAVERS
    }
    ops = sorted(nodes.items())
    if ops:
        text = ", ".join(f"{op} ({name})" for op, name in ops[:5])
        raise UserError(
            f"{source} holds ops that touch the machine: {text}; --trust runs it nevertheless"
        )
