"""What tf.estimator's functions take and give: modes, specs and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple


class ModeKeys:
    """What a model_fn is asked for."""

    TRAIN, EVAL, PREDICT = "train", "eval", "infer"


class EstimatorSpec(NamedTuple):
    """What a model_fn gives."""

    mode: str
    predictions: Any = None
    loss: Any = None
    train_op: Any = None
    eval_metric_ops: Mapping[str, Any] | None = None
    export_outputs: Any = None
    training_chief_hooks: Sequence[Any] | None = None
    training_hooks: Sequence[Any] | None = None
    scaffold: Any = None
    evaluation_hooks: Sequence[Any] | None = None
    prediction_hooks: Sequence[Any] | None = None


class RunConfig:
    """Settings of an Estimator's runs, with TensorFlow 1.15's defaults."""

    DEFAULTS: Mapping[str, Any] = {
        "model_dir": None,
        "tf_random_seed": None,
        "save_summary_steps": 100,
        "save_checkpoints_steps": None,
        "save_checkpoints_secs": 600,
        "session_config": None,
        "keep_checkpoint_max": 5,
        "keep_checkpoint_every_n_hours": 10000,
        "log_step_count_steps": 100,
        "train_distribute": None,
        "device_fn": None,
        "protocol": None,
        "eval_distribute": None,
        "experimental_distribute": None,
    }
    ALONE: Mapping[str, Any] = {  # of a process that is one of many
        "num_worker_replicas": 1,
        "num_ps_replicas": 0,
        "is_chief": True,
        "task_id": 0,
        "task_type": "worker",
        "master": "",
        "evaluation_master": "",
        "cluster_spec": None,
    }

    def __init__(
        self, model_dir: str | None = None, tf_random_seed: int | None = None, **options: Any
    ) -> None:
        options |= {"model_dir": model_dir, "tf_random_seed": tf_random_seed}
        if options.get("save_checkpoints_steps") is not None:
            options.setdefault("save_checkpoints_secs", None)
        vars(self).update(self.DEFAULTS, **options)

    def replace(self, **options: Any) -> RunConfig:
        return RunConfig(**{**vars(self), **options})

    def __getattr__(self, name: str) -> Any:
        if name in self.ALONE:
            return self.ALONE[name]
        raise AttributeError(name)


class TrainSpec(NamedTuple):
    """What `train_and_evaluate` trains on, and for how long."""

    input_fn: Callable[..., Any]
    max_steps: int | None = None
    hooks: Sequence[Any] = ()
    saving_listeners: Sequence[Any] = ()


class EvalSpec(NamedTuple):
    """What `train_and_evaluate` evaluates on."""

    input_fn: Callable[..., Any]
    steps: int | None = 100
    name: str | None = None
    hooks: Sequence[Any] = ()
    exporters: Any = None
    start_delay_secs: int = 120
    throttle_secs: int = 600
