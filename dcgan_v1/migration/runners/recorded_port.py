"""A port that was recorded: it answers from its recording, and no code of it is run."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.measures import Speed
from dcgan_v1.migration.recordings.port_recording import Item, PortRecording
from dcgan_v1.migration.records import (
    SECOND_BIAS,
    Arrays,
    Batch,
    GradientKey,
    LayerOutput,
    Observation,
    PortInfo,
    State,
)
from dcgan_v1.migration.runners import recorded_functions, recorded_states
from dcgan_v1.migration.runners.flattening import Pixels, pixels_of
from dcgan_v1.migration.runners.idle_biases import IdleBiases
from dcgan_v1.migration.runners.keras.keras_terms import KerasTerms
from dcgan_v1.migration.runners.recorded_functions import Functions
from dcgan_v1.migration.runners.recorded_names import OUTPUT, add_losses, in_order_of_use, numbered
from dcgan_v1.migration.runners.recorded_terms import Terms
from dcgan_v1.migration.runners.torch import classes
from dcgan_v1.migration.runners.torch.torch_terms import TorchTerms

FRAMEWORKS: dict[str, Terms] = {"torch": TorchTerms(), "tensorflow": KerasTerms()}


class RecordedPort:
    """See `protocol.PortRunner`. It can be in the states alone that were recorded.

    Attributes:
      recording: what it answers from.
      position: how many steps it has done.

    Raises:
      UserError: the folder holds no recording.
    """

    def __init__(self, folder: str | Path) -> None:
        self.recording = PortRecording(folder)
        self.told = self.recording.told
        framework = str(self.told.get("framework"))
        if framework not in FRAMEWORKS:
            raise UserError(f"{folder} was recorded with {framework}, which nothing here reads")
        self.reads = FRAMEWORKS[framework]
        self.position = 0
        self._info = self._describe()
        self._idle = IdleBiases([], {}, self.told, self.reads)
        self._moved: dict[int, Arrays] = {}  # position -> what idle biases are of averages there

    def wait_until_open(self) -> None:
        """Returns at once: there is no process."""

    def close(self) -> None:
        """Nothing is open."""

    def describe(self) -> PortInfo:
        return self._info

    def items(self, step: int) -> list[Item]:
        """What a step was given, maps as [N, H, W, C]."""
        return [
            item._replace(array=self.reads.oriented(item.array))
            for item in self.recording.items(step)
        ]

    def dropped_out(self, step: int) -> dict[str, np.ndarray]:
        """Returns item -> what the dropout gave that took these numbers, in the order of calls."""
        found = {}
        for item in self.recording.items(step):
            number = self.recording.steps[step][item.update]
            entries = self.told["updates"][number]["layers"]
            if item.function != "dropout" or item.after >= len(entries):
                continue
            y = self.recording.update(number)[f"layer/{item.after}"]
            if self._kind(entries[item.after]) == "dropout" and y.shape == item.array.shape:
                found[item.name] = self.reads.oriented(y)
        return found

    def _kind(self, entry: dict[str, Any]) -> str:
        if "function" in entry:
            return self.reads.function_kind(str(entry["function"]))
        return self.reads.layer_kind(self.told["modules"].get(entry["name"], {}))

    def _describe(self) -> PortInfo:
        description, reads = self.told, self.reads
        modules = description["modules"]
        variables = {
            name: reads.variable(v, modules.get(classes.owner_of(v["layer"]), {}))
            for name, v in in_order_of_use(description)
        }
        variables = recorded_functions.with_layouts(variables, description, reads)
        made_on = description["made on"]
        version = made_on.get(str(description["framework"]), "")
        optimizers = {
            name: reads.optimizer_settings(o, o["settings"])
            for name, o in description["optimizers"].items()
        }
        return PortInfo(
            kind=reads.kind,
            framework=f"{reads.framework} {version}, recorded in {self.recording.dtype}",
            variables=variables,
            models=list(dict.fromkeys(name.partition("/")[0] for name in variables)),
            optimizers=optimizers,
            arguments=[item.name for item in self.recording.items(0)],
            altered=[str(note) for note in description["notes"]],
        )

    # ---- states ----

    def hold(self, biases: Sequence[str]) -> list[str]:
        """Tells everything without biases that a batch norm takes away again, and TF1 has not.
        Returns notes of that."""
        self._idle = IdleBiases(biases, self._info.variables, self.told, self.reads)
        self._moved = {}
        return self._idle.notes()

    def state(self) -> State:
        """Returns the state that the last step left."""
        return self._without_idle(self._moved.get(self.position))

    def start(self) -> State:
        """Returns the state that the next step begins with."""
        return self._without_idle(None)

    def _without_idle(self, held: Arrays | None) -> State:
        state = self.state_after(self.position)
        if held is None:
            held = self._idle.in_averages(state.variables)
        return state.replaced({n: state.variables[n] - a for n, a in held.items()})

    def state_after(self, steps: int) -> State:
        """Returns the state after so many steps."""
        return recorded_states.after(self.recording, self.reads, steps)

    def load(self, state: State) -> None:
        """Goes to the step after which it was in a state.

        Raises:
          UserError: it never was.
        """
        two = {v.layer for v in self._info.variables.values() if v.part == SECOND_BIAS}
        for step in range(len(self.recording.steps) + 1):
            own = self.state_after(step).variables
            for name, v in self._info.variables.items():
                is_of_two = v.layer in two and v.part in ("bias", SECOND_BIAS)
                if is_of_two or name in self._idle.biases or name in self._idle.means:
                    own.pop(name, None)  # of two biases, the sum alone is known
            if all(np.array_equal(own[n], a) for n, a in state.variables.items() if n in own):
                self.position = step
                return
        raise UserError("a recorded port cannot be run from values that it never had")

    # ---- steps ----

    def step(self, batch: Batch, *, is_observed: bool = False) -> Observation:
        del batch, is_observed  # it is what was recorded
        step, self.position = self.position, self.position + 1
        if step >= len(self.recording.steps):
            raise UserError(f"{self.recording.folder} has no step {step + 1}: record more")
        scalars: dict[str, float] = {}
        calls: list[tuple[LayerOutput, bool]] = []
        layers: list[LayerOutput] = []
        gradients: dict[GradientKey, np.ndarray] = {}
        settings = {}
        functions = Functions(self.reads)
        values = self.state_after(step).variables
        held = self._idle.in_averages(values)
        for number, update in enumerate(self.recording.steps[step]):
            entry, arrays = self.told["updates"][update], self.recording.update(update)
            add_losses(scalars, entry["losses"])
            ahead = self.recording.calls_ahead if update == 0 else 0
            called = self._calls(entry["layers"], arrays, "", number, functions, ahead)
            calls += called
            layers += self._told(called, values)
            after = recorded_states.values_of(arrays)
            held = self._idle.follow(held, entry["layers"][ahead:], values, after)
            values = after
            optimizer = entry["optimizer"]
            for name, array in arrays.items():
                if name.startswith("gradient/"):
                    variable = name.removeprefix("gradient/")
                    gradients[GradientKey(number, optimizer, variable)] = array
            settings[optimizer] = self.reads.optimizer_settings(
                self.told["optimizers"][optimizer], entry["settings"]
            )
        self._moved[self.position] = held
        return Observation(
            scalars,
            numbered(layers),
            gradients,
            settings,
            self._pixels(calls, [item.array for item in self.recording.items(step)]),
            altered=self._info.altered,
        )

    def weights_before_updates(self, batch: Batch) -> dict[int, Arrays]:
        del batch
        weights = {0: self.state().variables}
        for number, update in enumerate(self.recording.steps[self.position][:-1]):
            weights[number + 1] = recorded_states.values_of(self.recording.update(update))
        self.position += 1
        return weights

    def _pixels(self, calls: list[tuple[LayerOutput, bool]], fed: list[np.ndarray]) -> Pixels:
        places = {name: v.layer for name, v in self._info.variables.items()}
        # maps that a layer only turns round are known by what they were
        told = [la for la, own in calls if own or len(la.given) != 4 or la.output.ndim != 4]
        return pixels_of(told, places, fed)

    def _told(self, calls: list[tuple[LayerOutput, bool]], values: Arrays) -> list[LayerOutput]:
        """Calls that are layers, without idle biases of these values."""
        layers = [layer for layer, is_layer in calls if is_layer]
        return [replace(layer, output=self._idle.without(layer, values)) for layer in layers]

    def _calls(
        self,
        entries: list[dict[str, Any]],
        arrays: dict[str, np.ndarray],
        prefix: str,
        applied: int,
        functions: Functions,
        ahead: int = 0,
    ) -> list[tuple[LayerOutput, bool]]:
        """(What a layer gave, whether it is more than a way to write others) of each call."""
        calls = []
        for number, entry in list(enumerate(entries))[ahead:]:
            if "function" in entry:
                x = arrays.get(f"{prefix}layer_input/{number}")
                y = self.reads.oriented(arrays[f"{prefix}layer/{number}"])
                x = None if x is None else self.reads.oriented(x)
                layer = functions.layer(entry, y, x, applied)
                calls.append((replace(layer, given=self._given(entry)), True))
                continue
            name, module = entry["name"], self.told["modules"].get(entry["name"], {})
            is_model = name.endswith(OUTPUT)
            is_other = classes.owner_of(name) != name or not self.reads.is_layer(module)
            own_input = arrays.get(f"{prefix}layer_input/{number}")
            layer = LayerOutput(
                name,
                "model" if is_model else self.reads.layer_kind(module),
                {} if is_model else self.reads.layer_settings(entry["settings"]),
                self.reads.oriented(arrays[f"{prefix}layer/{number}"]),
                None if own_input is None or is_model else self.reads.oriented(own_input),
                applied,
                given=self._given(entry),
            )
            calls.append((layer, is_model or not is_other))
        return calls

    def _given(self, entry: dict[str, Any]) -> tuple[int, ...]:
        return self.reads.oriented(np.empty(entry.get("given", ()))).shape

    def inference(self, batch: Batch, forward: dict[str, list[str]]) -> Observation:
        del batch, forward
        calls = []
        functions = Functions(self.reads)
        for entry in self.told["inference"]:
            prefix = f"{entry['model']}/"
            calls += self._calls(entry["layers"], self.recording.before, prefix, 0, functions)
        layers = numbered(self._told(calls, self.state_after(0).variables))
        fed = [array for arrays in self.inference_inputs().values() for array in arrays]
        return Observation(layers=layers, pixels=self._pixels(calls, fed))

    def inference_inputs(self) -> dict[str, list[np.ndarray]]:
        """Returns model -> what it was given in inference."""
        return {
            entry["model"]: [
                self.recording.before[f"{entry['model']}/input/{i}"] for i in range(entry["inputs"])
            ]
            for entry in self.told["inference"]
        }

    def still_step(self, batch: Batch) -> Observation:
        """A recording has its own rates."""
        raise UserError("a recorded port cannot be run at other rates")

    def time(self, batch: Batch, steps: int) -> Speed:
        """A recording has no speed."""
        raise UserError("a recording has no speed")

    def save(self, path: str, to: str) -> None:
        raise UserError("a recorded port cannot be converted: name the port itself")

    def restore(self, path: str, to: str) -> None:
        raise UserError("a recorded port cannot be converted: name the port itself")
