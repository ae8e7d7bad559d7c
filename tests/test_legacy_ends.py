"""Old programs end as they did on 1.15, stopped or not, and a failure is said in its last line.

Nothing holds up one that is stopped after its steps."""

from importlib.util import find_spec

import pytest
from script_runs import call

pytestmark = pytest.mark.cli

HEAD = """
import threading, time
import tensorflow as tf
number = tf.train.range_input_producer(10).dequeue()
x = tf.train.batch([tf.cast(number, tf.float32)], 2)
w = tf.Variable(1.0)
count = tf.train.get_or_create_global_step()
step = tf.train.AdamOptimizer().minimize(tf.reduce_mean(w * x), global_step=count)
"""
SUPERVISOR = """
supervisor = tf.train.Supervisor(logdir=None)
with supervisor.managed_session() as sess:
    for _ in range(5):
        sess.run(step)
print("ended")
"""
COORDINATOR = """
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    try:
        for _ in range(5):
            sess.run(step)
    except tf.errors.OutOfRangeError:
        pass
    finally:
        coord.request_stop()
        coord.join(threads)
        print("joined", not any(thread.is_alive() for thread in threads))
print("ended")
"""
MONITORED = """
with tf.train.MonitoredTrainingSession(checkpoint_dir="ck") as sess:
    for _ in range(5):
        sess.run(step)
print("ended")
"""
STOP_HOOK = """
hooks = [tf.train.StopAtStepHook(last_step=5)]
with tf.train.MonitoredTrainingSession(hooks=hooks) as sess:
    while not sess.should_stop():
        sess.run(step)
print("ended")
"""
OWN_THREADS = """
sess = tf.Session()
sess.run(tf.global_variables_initializer())
tf.train.start_queue_runners(sess)
def train():
    for _ in range(TIMES):
        sess.run(step)
def idle():
    while HANGS:
        time.sleep(0.1)
for target in (train, train, idle):
    threading.Thread(target=target).start()
"""
ENDLESS = OWN_THREADS + "while True:\n    time.sleep(0.1)\n"
LOOPER = """
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    threads.append(tf.train.LooperThread.loop(coord, None, lambda: sess.run(step)))
    coord.join(threads)
"""


def run(folder, text, *args):
    (folder / "program").mkdir(exist_ok=True)
    program = folder / "program" / "main.py"
    program.write_text(text)
    return call("run_legacy.py", "--run-dir", folder / "run", *args, program)


@pytest.mark.parametrize(
    "text",
    [SUPERVISOR, COORDINATOR, MONITORED, STOP_HOOK],
    ids=["supervisor", "coordinator", "monitored", "stop_hook"],
)
@pytest.mark.parametrize("steps", [3, None])
def test_a_program_with_queues_ends_stopped_or_not(tmp_path, text, steps):
    done = run(tmp_path, HEAD + text, *(["--steps", steps] if steps else []))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert f"{steps or 5} training runs" in done.stdout
    assert ("ended\n" in done.stdout) is (steps is None)
    assert ("joined True" in done.stdout) is (text is COORDINATOR)


@pytest.mark.parametrize(
    ("text", "args", "runs"),
    [
        (OWN_THREADS, ["TIMES=2", "HANGS=False"], "4 training runs"),
        (OWN_THREADS, ["TIMES=999", "HANGS=True", "--steps", "3"], "3 training runs"),
        (ENDLESS, ["TIMES=999", "HANGS=True", "--steps", "3"], "3 training runs"),
        (LOOPER, ["--steps", "3"], "3 training runs"),
    ],
    ids=["own_end", "stopped", "main_waits", "looper"],
)
def test_threads_that_train_are_awaited_and_stopped(tmp_path, text, args, runs):
    options = [x for a in args for x in (["--set", a] if "=" in a else [a])]
    done = run(tmp_path, "TIMES = 0\nHANGS = True\n" + HEAD + text, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert runs in done.stdout
    assert "Traceback" not in done.stderr


def test_a_failure_ends_in_a_line_and_shows_the_programs_own_lines(tmp_path):
    text = """import tensorflow as tf

def build(x):
    return tf.matmul(x, tf.zeros([3, 4]))

build(tf.zeros([2, 5]))
"""
    done = run(tmp_path, text)
    assert done.returncode == 2
    *lines, last = done.stderr.splitlines()
    assert last.startswith("error: main.py:4: the program failed: ValueError: Dimensions must be")
    assert [line for line in lines if "File" in line and "main.py" not in line] == []
    assert "build(tf.zeros([2, 5]))" in done.stderr
    done = run(tmp_path, text, "--debug")
    assert "migration/programs/running.py" in done.stderr


def test_missing_libraries_say_where_their_sources_go_and_run_from_there(tmp_path):
    text = "import tensorflow as tf\nimport prettytensor as pt\nprint('had', pt.version())\n"
    done = run(tmp_path, text)
    assert done.returncode == 2
    (last,) = done.stderr.splitlines()
    assert last.startswith("error: main.py:2: the library prettytensor is not here: put its")
    package = tmp_path / "program" / "prettytensor"
    package.mkdir()
    source = "import tensorflow as tf\ndef version():\n    return tf.__version__\n"
    (package / "__init__.py").write_text(source)
    assert "had 1.15.5" in run(tmp_path, text).stdout


def test_a_package_in_the_folder_above_is_named_with_its_path(tmp_path):
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "__init__.py").write_text("")
    done = run(tmp_path, "import common.ops\n")
    assert done.returncode == 2
    assert f"run it with PYTHONPATH={tmp_path}" in done.stderr


@pytest.mark.skipif(find_spec("seaborn") is not None, reason="seaborn is installed")
def test_styling_by_packages_that_are_not_there_does_nothing(tmp_path):
    text = (
        "import seaborn as sns\nsns.set(style='white')\nsns.set_style('ticks')\nprint('styled')\n"
    )
    done = run(tmp_path, text)
    assert "styled" in done.stdout, done.stderr
