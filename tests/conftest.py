import pytest

from dcgan_v1 import runtime

tf = runtime.prepare()


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
    import numpy as np

    seed = np.random.SeedSequence().entropy
    print(f"numpy seed {seed}")
    return np.random.default_rng(seed)


@pytest.fixture(scope="session")
def original_checkpoint(tmp_path_factory):
    """A checkpoint that mnist_beginners' original graph wrote, untrained."""
    from benchmarks.contenders import source_mnist_beginners

    with tf.Graph().as_default(), tf.Session() as session:
        source_mnist_beginners.graph()
        session.run(tf.global_variables_initializer())
        prefix = str(tmp_path_factory.mktemp("old") / "pretrained_gan.ckpt")
        return tf.train.Saver().save(session, prefix)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The run directory of two workers that nothing has happened to."""
    from worker_runs import finished, train

    run_dir = tmp_path_factory.mktemp("undisturbed") / "run"
    code, out, err = finished(train(run_dir))
    assert code == 0, err
    assert "2 workers, on this machine" in out.splitlines()[0]
    return run_dir


@pytest.fixture(scope="module")
def browser():
    """Chromium; the tests that want one are skipped without."""
    from browser import CHROMIUM, sync_playwright

    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    if sync_playwright is None:
        pytest.skip("Playwright is not installed: requirements-browser.txt")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
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
