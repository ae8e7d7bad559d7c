"""tf.estimator as far as a model_fn, its inputs, training, evaluation and prediction go."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families import estimator_inputs
from dcgan_v1.migration.programs.families.estimator_records import (
    EstimatorSpec,
    EvalSpec,
    ModeKeys,
    RunConfig,
    TrainSpec,
)

HINT = "tf.estimator is supplied as far as a model_fn goes, not its ready-made models and exports"


class Estimator:
    """Trains, evaluates and asks what a model_fn builds, through checkpoints in `model_dir`.

    Args:
      model_fn: takes features, and of labels, mode, params and config what it has names for;
        gives an EstimatorSpec.
      model_dir: of checkpoints and summaries; a new folder where None.
      config: a RunConfig.
      params: what model_fn gets as `params`.
      warm_start_from: a checkpoint that variables begin with.
    """

    def __init__(
        self,
        model_fn: Callable[..., EstimatorSpec],
        model_dir: str | None = None,
        config: RunConfig | None = None,
        params: Any = None,
        warm_start_from: str | None = None,
    ) -> None:
        self.model_fn, self.params = model_fn, {} if params is None else params
        self.config = config or RunConfig()
        model_dir = model_dir or self.config.model_dir or tempfile.mkdtemp()
        self.model_dir = str(model_dir)
        self.config = self.config.replace(model_dir=self.model_dir)
        self._warm_start = warm_start_from

    def train(
        self,
        input_fn: Callable[..., Any],
        hooks: Sequence[Any] | None = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Sequence[Any] | None = None,
    ) -> Estimator:
        """Trains for `steps` more steps, until `max_steps` in all, or until the input ends."""
        if steps is not None and max_steps is not None:
            raise ValueError("Can not provide both steps and max_steps.")
        start = self._global_step()
        if max_steps is not None and start >= max_steps:
            return self
        hooks = list(hooks or ())
        if steps is not None or max_steps is not None:
            hooks.append(tf.train.StopAtStepHook(steps, max_steps))
        with self._graph() as spec:
            self._run_training(spec(input_fn, ModeKeys.TRAIN), hooks, saving_listeners or ())
        return self

    def _run_training(
        self, spec: EstimatorSpec, hooks: list[Any], listeners: Sequence[Any]
    ) -> None:
        if self._warm_start:
            names = {v.op.name: v for v in tf.trainable_variables()}
            saved = dict(tf.train.list_variables(self._warm_start))
            there = {name: v for name, v in names.items() if name in saved}
            tf.train.init_from_checkpoint(self._warm_start, there)
        if not any(x.op.name == "loss" for x in tf.get_collection(tf.GraphKeys.SUMMARIES)):
            tf.summary.scalar("loss", spec.loss)
        tf.losses.add_loss(spec.loss)
        config, step = self.config, tf.train.get_global_step()
        hooks.append(tf.train.NanTensorHook(spec.loss))
        if config.log_step_count_steps is not None:
            watched = {"loss": spec.loss, "step": step}
            every = config.log_step_count_steps
            hooks.append(tf.train.LoggingTensorHook(watched, every_n_iter=every))
        hooks += [*(spec.training_hooks or ()), *(spec.training_chief_hooks or ())]
        scaffold = spec.scaffold or tf.train.Scaffold()
        if not scaffold.saver and not tf.get_collection(tf.GraphKeys.SAVERS):
            saver = tf.train.Saver(
                sharded=True,
                max_to_keep=config.keep_checkpoint_max,
                keep_checkpoint_every_n_hours=config.keep_checkpoint_every_n_hours,
                defer_build=True,
                save_relative_paths=True,
            )
            tf.add_to_collection(tf.GraphKeys.SAVERS, saver)
        saves = [hook for hook in hooks if isinstance(hook, tf.train.CheckpointSaverHook)]
        if not saves and (config.save_checkpoints_secs or config.save_checkpoints_steps):
            saves = [
                tf.train.CheckpointSaverHook(
                    self.model_dir,
                    config.save_checkpoints_secs,
                    config.save_checkpoints_steps,
                    scaffold=scaffold,
                )
            ]
            hooks += saves
        for listener in listeners:
            saves[0]._listeners.append(listener)
        with tf.train.MonitoredTrainingSession(
            checkpoint_dir=self.model_dir,
            scaffold=scaffold,
            hooks=hooks,
            save_checkpoint_secs=0,
            save_summaries_steps=config.save_summary_steps,
            config=self._session_config(),
            log_step_count_steps=config.log_step_count_steps,
        ) as session:
            while not session.should_stop():
                session.run([spec.train_op, spec.loss])

    def evaluate(
        self,
        input_fn: Callable[..., Any],
        steps: int | None = None,
        hooks: Sequence[Any] | None = None,
        checkpoint_path: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """Returns the means of the loss and of the metrics over `steps` batches or all input."""
        path = self._checkpoint(checkpoint_path)
        with self._graph() as spec:
            built = spec(input_fn, ModeKeys.EVAL)
            metrics = dict(built.eval_metric_ops or {})
            metrics["loss"] = tf.metrics.mean(built.loss)
            values = {key: value for key, (value, _) in metrics.items()}
            values["global_step"] = tf.train.get_global_step()
            final = tf.train.FinalOpsHook(values)
            hooks = [*(hooks or ()), *(built.evaluation_hooks or ()), final]
            updates = [update for _, update in metrics.values()]
            with self._session(built, path, hooks) as session:
                done = 0
                while not session.should_stop() and (steps is None or done < steps):
                    session.run(updates)
                    done += 1
            found = dict(final.final_ops_values)
        self._write(found, name)
        return found

    def predict(
        self,
        input_fn: Callable[..., Any],
        predict_keys: Any = None,
        hooks: Sequence[Any] | None = None,
        checkpoint_path: str | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        """Yields predictions, of each example by itself unless it is said otherwise."""
        path = self._checkpoint(checkpoint_path)
        with self._graph() as spec:
            built = spec(input_fn, ModeKeys.PREDICT)
            wanted = built.predictions
            if predict_keys and isinstance(wanted, Mapping):
                wanted = {n: t for n, t in wanted.items() if n in predict_keys}
            hooks = [*(hooks or ()), *(built.prediction_hooks or ())]
            with self._session(built, path, hooks) as session:
                while not session.should_stop():
                    batch = session.run(wanted)
                    if not yield_single_examples:
                        yield batch
                    elif isinstance(batch, Mapping):
                        for i in range(len(next(iter(batch.values())))):
                            yield {key: values[i] for key, values in batch.items()}
                    else:
                        yield from batch

    def latest_checkpoint(self) -> str | None:
        return tf.train.latest_checkpoint(self.model_dir)

    def get_variable_names(self) -> list[str]:
        return [name for name, _ in tf.train.list_variables(self.model_dir)]

    def get_variable_value(self, name: str) -> np.ndarray:
        return tf.train.load_variable(self.model_dir, name)

    def _graph(self) -> _Built:
        return _Built(self)

    def _session_config(self) -> Any:
        return self.config.session_config or tf.ConfigProto(allow_soft_placement=True)

    def _session(self, spec: EstimatorSpec, path: str | None, hooks: Sequence[Any]) -> Any:
        creator = tf.train.ChiefSessionCreator(
            scaffold=spec.scaffold or tf.train.Scaffold(),
            config=self._session_config(),
            checkpoint_filename_with_path=path,
        )
        return tf.train.MonitoredSession(creator, hooks)

    def _checkpoint(self, path: str | None) -> str | None:
        path = path or self.latest_checkpoint()
        if path is None and not self._warm_start:
            raise ValueError(f"Could not find trained model in model_dir: {self.model_dir}.")
        return path

    def _global_step(self) -> int:
        path = self.latest_checkpoint()
        return 0 if path is None else int(tf.train.load_variable(path, "global_step"))

    def _write(self, found: Mapping[str, Any], name: str | None) -> None:
        """Summaries of an evaluation, in `eval` or `eval_<name>`."""
        folder = Path(self.model_dir, f"eval_{name}" if name else "eval")
        values = [
            tf.Summary.Value(tag=key, simple_value=float(value))
            for key, value in found.items()
            if np.ndim(value) == 0 and key != "global_step"
        ]
        with tf.summary.FileWriter(str(folder)) as writer:
            writer.add_summary(tf.Summary(value=values), int(found["global_step"]))


class _Built:
    """A graph of its own, in which a model_fn is called."""

    def __init__(self, estimator: Estimator) -> None:
        self._estimator, self._default = estimator, tf.Graph().as_default()

    def __enter__(self) -> Callable[[Callable[..., Any], str], EstimatorSpec]:
        self._default.__enter__()
        tf.set_random_seed(self._estimator.config.tf_random_seed)
        tf.train.get_or_create_global_step()
        return self._call

    def __exit__(self, *error: Any) -> None:
        self._default.__exit__(*error)

    def _call(self, input_fn: Callable[..., Any], mode: str) -> EstimatorSpec:
        estimator = self._estimator
        config = estimator.config
        given = {"mode": mode, "params": estimator.params, "config": config}
        takes = inspect.signature(input_fn).parameters
        inputs = input_fn(**{n: v for n, v in given.items() if n in takes})
        if isinstance(inputs, tf.data.Dataset):
            iterator = tf.data.make_initializable_iterator(inputs)
            tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
            inputs = iterator.get_next()
        is_pair = isinstance(inputs, tuple | list) and len(inputs) == 2
        features, labels = inputs if is_pair else (inputs, None)
        takes = inspect.signature(estimator.model_fn).parameters
        if "labels" in takes:
            given["labels"] = None if mode == ModeKeys.PREDICT else labels
        spec = estimator.model_fn(features, **{n: v for n, v in given.items() if n in takes})
        if not isinstance(spec, EstimatorSpec):
            raise ValueError("model_fn should return an EstimatorSpec.")
        return spec


def train_and_evaluate(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> tuple[dict[str, Any], list[Any]]:
    """Trains to the end, then evaluates once; 1.15 evaluated at checkpoints on the way, too."""
    estimator.train(
        train_spec.input_fn,
        train_spec.hooks,
        max_steps=train_spec.max_steps,
        saving_listeners=train_spec.saving_listeners,
    )
    return estimator.evaluate(eval_spec.input_fn, eval_spec.steps, eval_spec.hooks), []


def module() -> Facade:
    """Returns the facade of tf.estimator."""
    names = (ModeKeys, EstimatorSpec, RunConfig, TrainSpec, EvalSpec, Estimator, train_and_evaluate)
    inputs = {
        "numpy_input_fn": estimator_inputs.numpy_input_fn,
        "pandas_input_fn": estimator_inputs.pandas_input_fn,
    }
    hooks = tf.train
    return Facade(
        "tf.estimator",
        (),
        {
            **{each.__name__: each for each in names},
            "inputs": Facade("tf.estimator.inputs", (), inputs),
            **{
                name: getattr(hooks, name)
                for name in dir(hooks)
                if name.endswith(("Hook", "SessionRunArgs", "SessionRunValues"))
            },
        },
        {"train_and_evaluate": "evaluates once, after the last step"},
        {"": HINT},
    )
