"""Fixtures and hooks of all tests: TensorFlow set up, marks enforced, sessions, pages, runs."""

import re
import signal
import subprocess
from functools import cache

import marks
import numpy as np
import pytest
from script_runs import ENVIRONMENT, INSTRUCTIONS, call, command
from shared import made_once

from dcgan_v1 import runtime
from dcgan_v1.commands import explore as explore_command

runtime.RESPECTED += (INSTRUCTIONS,)
tf = runtime.prepare()

import tiny_systems  # noqa: E402, after TensorFlow is set up


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    marks.settle(items)
    for item in items:
        for reason in filter(None, [marks.missing(mark.name) for mark in item.iter_markers()]):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    if item.get_closest_marker("unit") is None:
        return (yield)
    with marks.no_process(item.name):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    if item.get_closest_marker("unit") is None:
        return (yield)
    with marks.no_process(item.name), marks.within_a_second(item.name):
        return (yield)


@pytest.fixture
def graph():
    """A graph of its own for each test."""
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(1)
        yield graph


@pytest.fixture
def session(graph):
    with tf.Session(config=runtime.session_config("cpu")[0]) as session:
        yield session


@pytest.fixture
def rng(request):
    """Fresh inputs on each run; pytest prints the seed of a test that fails."""
    seed = np.random.SeedSequence().entropy
    print(f"numpy seed {seed}")
    return np.random.default_rng(seed)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """name of a system -> prefix of its checkpoint after three steps, made once."""

    @cache
    def checkpoint(name):
        config = tiny_systems.config(name)
        with tf.Graph().as_default(), tf.Session() as session:
            graph = tiny_systems.training_graph(session, config, tiny_systems.pixels(name))
            for _ in range(3):
                session.run(graph.train.op)
            prefix = str(tmp_path_factory.mktemp(name) / "model")
            return tf.train.Saver(graph.saved).save(session, prefix)

    return checkpoint


@pytest.fixture(scope="session")
def original_checkpoint(tmp_path_factory):
    """A checkpoint that mnist_beginners' original graph wrote, after two steps."""
    from originals import mnist_beginners

    rng = np.random.default_rng(1)
    with tf.Graph().as_default(), tf.Session() as session:
        ops = mnist_beginners.graph()
        session.run(tf.global_variables_initializer())
        for _ in range(2):
            images, z = rng.random((4, 28, 28, 1)), rng.normal(size=(4, 100))
            session.run([ops["d_real"], ops["d_fake"]], {ops["x"]: images, ops["z"]: z})
            session.run(ops["g"], {ops["x"]: images, ops["z"]: z})
        prefix = str(tmp_path_factory.mktemp("old") / "pretrained_gan.ckpt")
        return tf.train.Saver().save(session, prefix)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The run directory of two workers that nothing has happened to."""
    from worker_runs import finished, train

    def make(folder):
        code, out, err = finished(train(folder / "run"))
        assert code == 0, err
        assert "2 workers, on this machine" in out

    return made_once(tmp_path_factory, "undisturbed", make) / "run"


@pytest.fixture(scope="module")
def browser():
    """Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=marks.CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser):
    """A new page; it fails the test where a script of it fails."""
    tab = browser.new_page(viewport={"width": 1100, "height": 900})
    errors, tab.requests = [], []
    tab.on("pageerror", lambda error: errors.append(error))
    tab.on("request", lambda request: tab.requests.append(request.url))
    yield tab
    tab.context.close()
    assert not errors


@pytest.fixture(scope="session")
def page_of(tmp_path_factory):
    """name -> the page of a pretrained model, written once."""

    def of(name):
        def make(folder):
            done = call("explore.py", "--pretrained", name, "--export", folder / "page")
            assert done.returncode == 0, done.stderr

        return made_once(tmp_path_factory, f"page_{name}", make) / "page" / "index.html"

    return of


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """report.html of a comparison of one of the systems, which has a pretrained model."""

    def make(folder):
        options = ("--steps", 1, "--batch-size", 4, "--dtype", "float64", "--timing-steps", 0)
        pair = ("--system", "mnist_tutorial", "--against", "tf2")
        done = call("compare.py", *pair, *options, "--quiet", "--report", folder)
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "report", make) / "report.html"


@pytest.fixture(scope="session")
def history_page(tmp_path_factory):
    """The page of a model whose training is made up: four steps, two curves."""
    from browser import opened

    from dcgan_v1 import image_files, systems
    from dcgan_v1.explore import history, packing, page

    frames = [
        (step, image_files.png_bytes(np.full((28, 28, 1), step // 2, np.uint8)))
        for step in (0, 100, 200, 400)
    ]
    points = [(step, 1 + step / 100) for step in range(0, 401, 50)]
    curves = [
        history.Curve("d_loss", "losses", "D's.", points),
        history.Curve("g_loss", "losses", "G's.", points[1:], ("real", 0.5)),
    ]
    with opened("mnist_tutorial") as network:
        packed = packing.pack(network)
    model = page.Model(
        systems.get("mnist_tutorial"),
        "--model x",
        [],
        "none",
        training=history.History(frames, curves, "Made up."),
    )
    path = tmp_path_factory.mktemp("history") / "index.html"
    path.write_text(page.html(model, packed))
    return path


@pytest.fixture
def live_page():
    """The process of `explore.py --pretrained mnist_tutorial`, and its address."""
    process = subprocess.Popen(
        command("explore.py", "--pretrained", "mnist_tutorial"),
        env={k: v for k, v in ENVIRONMENT.items() if k not in explore_command.DISPLAYS},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a job in the background ignores Ctrl-C, and its children do
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("no browser"):
            break
    address = re.search(r"^(http\S+) shows the page", "".join(lines), re.M)
    assert address, process.communicate()[1]
    yield process, address[1]
    process.kill()
    process.communicate()
