"""TF1 programs that train by Keras are recorded whole, and so are draws in branches."""

import numpy as np
import pytest
from script_runs import call

from dcgan_v1.migration.recordings.tf1_recording import Recording

pytestmark = pytest.mark.compare

GAN = """
import numpy as np
from {keras}.layers import BatchNormalization, Dense, Dropout, Input
from {keras}.models import Model, Sequential
from {keras}.optimizers import Adam

adam = Adam(0.0002, 0.5)
d = Sequential([Dense(8, activation="relu", input_dim=3), Dropout(0.25)])
d.add(Dense(1, activation="sigmoid"))
d.compile(loss="binary_crossentropy", optimizer=adam, metrics=["accuracy"])
g = Sequential([Dense(8, input_dim=5), BatchNormalization(momentum=0.8)])
g.add(Dense(3, activation="tanh"))
z = Input(shape=(5,))
d.trainable = False
both = Model(z, d(g(z)))
both.compile(loss="binary_crossentropy", optimizer=adam)
for step in range(9):
    fake = g.predict(np.random.normal(size=(4, 5)))
    d.train_on_batch(np.random.rand(4, 3), np.ones((4, 1)))
    d.train_on_batch(fake, np.zeros((4, 1)))
    both.train_on_batch(np.random.normal(size=(4, 5)), np.ones((4, 1)))
"""
BRANCHES = """
import numpy as np, tensorflow as tf

x, train = tf.placeholder(tf.float32, [4, 6]), tf.placeholder(tf.bool)
h = tf.layers.dropout(tf.layers.dense(x, 8), 0.5, training=train)
h = tf.cond(train, lambda: h + tf.random_normal([4, 8]), lambda: h)
h = tf.cond(tf.logical_not(train), lambda: h, lambda: tf.nn.dropout(h, 0.7))
off = tf.constant(False)
h = tf.cond(off, lambda: h + tf.random_normal([4, 8]), lambda: h)
few = tf.cond(tf.reduce_mean(x) > 0, lambda: tf.random_uniform([]), lambda: 1.0)
loss = tf.reduce_mean(tf.layers.dense(h, 1) ** 2) {also}
step = tf.train.AdamOptimizer().minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for _ in range(4):
        session.run([step, loss], {{x: np.random.rand(4, 6), train: True}})
"""


def recorded(folder, text, *args):
    program = folder / "program" / "main.py"
    program.parent.mkdir()
    program.write_text(text)
    where = ("--run-dir", folder / "run", "--record", folder / "rec")
    done = call("run_legacy.py", *where, *args, program)
    assert done.returncode == 0, done.stdout + done.stderr
    return Recording(folder / "rec")


def apart(folder):
    """How far a replay is from the recording, of the largest."""
    done = call("compare.py", "--recording", folder / "rec")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if "apart at most" in line]
    assert rows
    return max(float(row.split(":")[1].split()[0]) for row in rows)


@pytest.mark.parametrize(
    "keras", ["keras", pytest.param("tensorflow.keras", marks=pytest.mark.release)]
)
def test_a_gan_that_trains_by_keras_is_recorded_whole(tmp_path, keras):
    found = recorded(tmp_path, GAN.format(keras=keras), "--whole-steps", 2)
    assert found.steps == [[0, 1, 2], [3, 4, 5]]
    assert all(any(key.startswith("draw/") for key in found.run(i)) for i in range(3))  # dropout
    kernels = [name for name in found.values if name.endswith("kernel")]
    assert len(kernels) == 4  # G's update and slots came after the recording had begun
    moved = [{k.split("/")[1] for k in found.run(i) if k.startswith("gradient")} for i in range(3)]
    assert moved[0] == moved[1] and not moved[0] & moved[2]
    assert apart(tmp_path) < 1e-5  # rounding of float32 in a few small layers


def test_draws_in_branches_that_are_known_to_be_taken_are_recorded(tmp_path):
    found = recorded(tmp_path, BRANCHES.format(also=""), "--steps", 3)
    draws = [key for key in found.run(0) if key.startswith("draw/")]
    assert len(draws) == 3 and not found.drawn_anew
    assert all(np.isfinite(found.run(0)[key]).all() for key in draws)
    assert apart(tmp_path) < 1e-5  # other draws: about 1


def test_a_draw_in_a_branch_that_is_computed_is_named_as_drawn_anew(tmp_path):
    """Beside one that is not taken, as a constant is fed."""
    program = BRANCHES.format(also="* few").replace("constant(False)", "constant(True)")
    program = program.replace("train: True", "train: True, off: False")
    found = recorded(tmp_path, program, "--steps", 2)
    assert len([key for key in found.run(0) if key.startswith("draw/")]) == 3
    (name,) = found.drawn_anew
    assert "random_uniform" in name


def test_a_gan_of_keras_2_is_written_in_keras_3_and_proven(tmp_path):
    """D and G share an optimiser, which counts the updates of both; D's dropout draws in each of
    the three runs of a step, in their order."""
    program = tmp_path / "program" / "main.py"
    program.parent.mkdir()
    program.write_text(GAN.format(keras="keras"))
    out = tmp_path / "out"
    done = call("write_port.py", "--program", program, "--to", "keras", "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    training = (out / "training.py").read_text()
    assert training.count("keras.optimizers.Adam(0.0002, beta_1=0.5, beta_2=0.999") == 1
    # D's two runs are a loop; no sums and quotients in their place
    assert training.count("cross_entropy(") == 2
