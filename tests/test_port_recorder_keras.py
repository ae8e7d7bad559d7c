"""Training programs of Keras and TF2 are recorded as they are, and compared."""

import os
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from port_texts import run_recorder
from recorded_ports import against, recorded
from tensorflow.python.eager import context
from tensorflow.python.framework import op_callbacks

from dcgan_v1.commands.record_port import record
from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings.port_recorder.layer_calls import LayerCalls
from dcgan_v1.migration.recordings.port_recorder.recorder import Update
from dcgan_v1.migration.recordings.port_recorder.tensorflow_casts import Exact
from dcgan_v1.migration.recordings.port_recorder.tensorflow_functions import TensorFlowFunctions
from dcgan_v1.migration.recordings.port_recording import PortRecording
from dcgan_v1.migration.runners.recorded_port import RecordedPort


@pytest.fixture(scope="module")
def train_step(tmp_path_factory):
    """The folder of a recording of keras_train_step.py."""
    return recorded("keras_train_step.py", tmp_path_factory.mktemp("keras")).folder


@pytest.mark.cli
def test_a_recorded_update_of_keras_is_what_numpy_makes_of_its_gradient(train_step):
    port = RecordedPort(train_step)
    before, seen, after = port.state(), port.step(None, is_observed=True), port.state()
    name = "discriminator/dense/kernel"
    (gradient,) = [a for k, a in seen.gradients.items() if k.variable == name]
    m, v = 0.5 * gradient, 0.001 * gradient**2
    rate = 0.01 * np.sqrt(1 - 0.999) / (1 - 0.5)
    wanted = before.variables[name] - rate * m / (np.sqrt(v) + 1e-8)
    np.testing.assert_allclose(after.variables[name], wanted, rtol=1e-12)
    assert gradient.dtype == np.float64
    assert set(seen.scalars) == {"d_loss", "g_loss"}
    slots = {key.slot: a for key, a in after.slots.items() if key.variable == name}
    np.testing.assert_allclose(slots["m"], m, rtol=1e-12)
    np.testing.assert_allclose(slots["v"], v, rtol=1e-12)


@pytest.mark.cli
def test_what_keras_computes_is_what_numpy_makes_of_what_was_recorded(train_step):
    recording = PortRecording(train_step)
    items = {item.name: item.array for item in recording.items(0)}
    values = {n.removeprefix("state/"): a for n, a in recording.before.items()}

    def dense(x, name):
        return x @ values[f"{name}/kernel"] + values[f"{name}/bias"]

    def logits(x):
        h = dense(x, "discriminator/dense")
        return dense(np.where(h > 0, h, 0.2 * h), "discriminator/dense_1")

    h = np.maximum(dense(items["noise"], "generator/dense_2"), 0)
    fake = np.tanh(dense(h, "generator/dense_3"))
    loss = np.mean(np.log1p(np.exp(-logits(items["batch"]))))
    loss += np.mean(np.log1p(np.exp(logits(fake))))
    assert recording.told["updates"][0]["losses"]["d_loss"] == pytest.approx(loss, abs=1e-12)
    assert "tf.function is run eagerly" in recording.told["notes"]
    assert [len(step) for step in recording.steps] == [2, 2, 2]


@pytest.mark.cli
def test_slots_begin_at_what_the_optimiser_gives_them_before_its_first_update(tmp_path):
    fault = (".SGD(0.05)", ".Adagrad(0.05, initial_accumulator_value=0.25)")
    port = RecordedPort(recorded("tape_functions.py", tmp_path, fault, steps=1).folder)
    accums = [a for key, a in port.state().slots.items() if key.slot == "accum"]
    assert accums and all(np.all(a == 0.25) for a in accums)


@pytest.mark.graph
def test_what_a_step_computes_in_between_is_let_go_and_is_no_input_of_a_layer():
    """TensorFlow gives no number of a tensor twice: nothing need be kept for it."""
    update = Update()
    recorder = SimpleNamespace(
        is_here=lambda: True, sees=lambda: False, done=False, is_busy=False, update=update
    )
    layers = LayerCalls(recorder, np.asarray)
    functions = TensorFlowFunctions(tf, recorder, layers)
    with context.eager_mode():
        weight, x = tf.Variable([1.0, 2.0]), tf.constant([3.0, 4.0])
        functions.handles[weight.handle._id] = weight
        op_callbacks.add_op_callback(functions._op)
        try:
            between = tf.exp(weight * x)
            computed = tf.reduce_sum(between)
        finally:
            op_callbacks.remove_op_callback(functions._op)
        held = weakref.ref(between)
        del between
        assert held() is None
        for given in (computed, x):
            layers.add(None, {}, given, tf.zeros([2]))
    assert update.layers[0]["input"] is None
    np.testing.assert_array_equal(update.layers[1]["input"], [3.0, 4.0])


LABELS = """import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(3, activation="tanh"), tf.keras.layers.Dense(1)])
sgd = tf.keras.optimizers.SGD(0.1)
mse = tf.keras.losses.MeanSquaredError()
for step in range(4):
    x = tf.random.normal([6, 5])
    wanted = tf.cast(tf.reduce_sum(x, axis=1, keepdims=True) > 0, tf.float32)
    with tf.GradientTape() as tape:
        loss = mse(wanted, model(x))
    grads = tape.gradient(loss, model.trainable_variables)
    sgd.apply_gradients(zip(grads, model.trainable_variables))
"""


@pytest.mark.cli
def test_labels_that_tf2_computes_of_a_batch_are_given_to_a_step(tmp_path):
    done = run_recorder(LABELS, tmp_path, "--steps", "2", "--dtype", "float64")
    assert done.returncode == 0, done.stderr
    items = {item.name: item for item in PortRecording(tmp_path / "rec").items(0)}
    (computed,) = [item for item in items.values() if item.kind == "computed"]
    assert computed.name == "wanted"
    sums = items["x"].array.sum(1, keepdims=True)
    np.testing.assert_array_equal(computed.array, sums > 0)


BETWEEN = """import tensorflow as tf
class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = tf.keras.layers.Dense(4), tf.keras.layers.Dense(1, activation="tanh")
    def call(self, x):
        return self.b(tf.nn.leaky_relu(self.a(x), alpha=0.3))
net = Net()
sgd = tf.keras.optimizers.SGD(0.1)
for step in range(3):
    x = tf.random.normal([6, 5])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(net(x))
    grads = tape.gradient(loss, net.trainable_variables)
    sgd.apply_gradients(zip(grads, net.trainable_variables))
"""


@pytest.mark.cli
def test_activations_between_the_layers_of_a_model_are_layers_of_it(tmp_path):
    done = run_recorder(BETWEEN, tmp_path, "--steps", "2", "--dtype", "float64")
    assert done.returncode == 0, done.stderr
    layers = RecordedPort(tmp_path / "rec").step(None, is_observed=True).layers
    kinds = [layer.kind for layer in layers]
    assert kinds == ["dense", "activation", "dense", "model"]
    y, h = layers[1].output, layers[0].output
    np.testing.assert_allclose(y, np.where(h > 0, h, 0.3 * h), rtol=1e-12)
    assert layers[1].settings["slope"] == pytest.approx(0.3)


@pytest.mark.unit
def test_a_loss_and_its_weight_that_keras_casts_to_float32_are_float64():
    exact = Exact(SimpleNamespace(cast=lambda x, dtype: (x, dtype)), "float64")
    assert exact.cast(1.0, "float32") == (1.0, "float64")
    assert exact.cast(1.0, "int32") == (1.0, "int32")


REFUSED = [
    (
        "import tensorflow as tf\ngpus = tf.config.list_physical_devices('GPU')\n"
        "tf.config.experimental.set_memory_growth(gpus[0], True)\n",
        "train.py:3: the program needs a GPU",
    ),
    (
        "import tensorflow.compat.v1 as tf\ntf.disable_eager_execution()\n"
        "tf.placeholder(tf.float32)\n",
        "the program builds graphs of TF1",
    ),
    (
        "from tensorflow import keras\nkeras.optimizers.Adam(0.1)\n",
        "ended before any update of its optimiser",
    ),
]


@pytest.mark.cli
@pytest.mark.release
@pytest.mark.parametrize(("program", "line"), REFUSED)
def test_a_keras_program_that_cannot_be_recorded_gets_one_line(program, line, tmp_path, capfd):
    (tmp_path / "program").mkdir()
    path = tmp_path / "program" / "train.py"
    path.write_text(program)
    with pytest.raises(UserError, match="was not recorded, see above"):
        record(path, "", steps=2, work=tmp_path / "work", recording=tmp_path / "rec")
    errors = [t for t in capfd.readouterr().err.splitlines() if t.startswith("error: ")]
    assert line in errors[-1]
    assert [p.name for p in path.parent.iterdir()] == ["train.py"]
    assert not (tmp_path / "rec" / "recording.json").exists()


PAIRS = [  # program, the graph that it is a port of, a fault: text, what stands there, its cause
    ("keras_train_step.py", "adversarial", ("LeakyReLU(0.2)", "LeakyReLU(0.3)"), "slope 0.3"),
    (
        "tape_functions.py",
        "wasserstein",
        ("w.assign(tf.clip", "tf.identity(tf.clip"),
        "clips weights to",
    ),
    ("keras_fit.py", "classifier", ("epsilon=1e-5", "epsilon=0.1"), "epsilon is 0.1"),
    (
        "keras_on_batch.py",
        "on_batch",
        ("Adam(0.02, 0.5", "Adam(0.02, 0.9"),
        "beta1 is 0.9, TF1's 0.5",
    ),
]


def of_pairs():
    for row in PAIRS:
        marks = [pytest.mark.smoke] if row[0] == "keras_fit.py" else [pytest.mark.release]
        yield pytest.param(*row[:2], marks=marks, id=row[0])


@pytest.mark.compare
@pytest.mark.numerical
@pytest.mark.parametrize(("name", "old"), of_pairs())
def test_a_keras_program_and_the_graph_that_it_is_a_port_of_are_the_same(name, old, tmp_path):
    result = against(old, recorded(name, tmp_path))
    assert result, result.verdict


def of_faults():
    for row in PAIRS:
        marks = [] if row[0] == "keras_train_step.py" else [pytest.mark.release]
        yield pytest.param(*row, marks=marks, id=row[0])


@pytest.mark.compare
@pytest.mark.parametrize(("name", "old", "fault", "cause"), of_faults())
def test_a_fault_in_a_keras_program_is_named(name, old, fault, cause, tmp_path):
    result = against(old, recorded(name, tmp_path, fault))
    assert not result
    assert cause in result.verdict, result.verdict


@pytest.mark.compare
@pytest.mark.release
@pytest.mark.numerical
def test_keras_dropout_takes_its_numbers_along(tmp_path):
    dropout = ("layers.LeakyReLU(0.2)", "layers.LeakyReLU(0.2), layers.Dropout(0.5)")
    result = against("with_dropout", recorded("keras_train_step.py", tmp_path, dropout))
    assert result, result.verdict


@pytest.mark.compare
@pytest.mark.release
@pytest.mark.numerical
@pytest.mark.parametrize(("name", "old"), [("keras_train_step.py", "adversarial")])
def test_the_same_program_is_recorded_with_keras_2(name, old, tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "TF_USE_LEGACY_KERAS", "1")
    port = recorded(name, tmp_path)
    monkeypatch.delitem(os.environ, "TF_USE_LEGACY_KERAS")
    assert PortRecording(port.folder).told["made on"]["keras"].startswith("2.")
    result = against(old, port)
    assert result, result.verdict
