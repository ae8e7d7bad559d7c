"""The process behind the page of explore.py, and what it refuses."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import ENVIRONMENT, call, command, refusal, started, until

from dcgan_v1 import systems
from dcgan_v1.explore import server
from dcgan_v1.sample import build_sample_graph

pytestmark = pytest.mark.cli


@pytest.fixture
def serving():
    """(port, path) of a server that draws what it is sent: z[0] in one pixel."""

    def draw(z):
        if z[1] > 1:
            raise MemoryError("no room")
        return np.full((1, 1, 3), z[0], np.uint8), 0.5

    with server.Server() as made:
        made.page, made.draw, made.z_dim = b"<p>page</p>", draw, 2
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made.server_port, made.address.partition(f":{made.server_port}")[2]
        made.shutdown()
        thread.join()


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_the_server_answers_its_own_page_and_no_other(serving):
    port, path = serving
    latent = json.dumps({"z": [7, 0]})
    here = f"127.0.0.1:{port}"
    assert ask(port, "GET", path) == (200, b"<p>page</p>")
    drawn = (200, bytes([7, 7, 7, 255]))
    assert ask(port, "POST", f"{path}draw", latent) == drawn
    assert ask(port, "POST", f"{path}draw", latent, Origin=f"http://{here}") == drawn
    # through `ssh -L 1234:127.0.0.1:PORT`
    other = {"Host": "localhost:1234", "Origin": "http://localhost:1234"}
    assert ask(port, "POST", f"{path}draw", latent, **other) == drawn
    for wrong in (
        {"Host": "evil.example"},
        {"Host": f"evil.example:{port}"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
        {"Host": "["},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://{here}"},
    ):
        assert ask(port, "GET", path, **wrong)[0] == 403, wrong
        assert ask(port, "POST", f"{path}draw", latent, **wrong)[0] == 403, wrong
    for place in ("/", "/draw", f"{path}other", path.upper(), f"/x{path}"):
        assert ask(port, "GET", place)[0] == 404
        assert ask(port, "POST", place, latent)[0] == 404


def test_the_server_refuses_what_is_no_latent(serving):
    port, path = serving
    for body in (
        "",
        "x",
        "[]",
        '{"z": 1}',
        '{"z": [1]}',
        '{"z": [1, NaN]}',
        '{"z": [1, "a"]}',
        '{"z": [[1, 2]]}',
        '{"z": null}',
        "null",
        '{"z": [1, 1e999]}',
        '{"z": [1, ' + "9" * 400 + "]}",
        "[" * 50_000,
        " " * 200_000,
    ):
        status, sentence = ask(port, "POST", f"{path}draw", body)
        assert status == 400 and b"A latent has 2" in sentence, body[:20]
    for length in ("²", "-1", "", "9" * 5000):
        status, _ = ask(port, "POST", f"{path}draw", Content_Length=length)
        assert status == 400
    assert ask(port, "POST", f"{path}draw", '{"z": [1, 0]}')[0] == 200


def test_what_cannot_be_drawn_is_said_and_the_next_image_drawn(serving):
    port, path = serving
    failed = ask(port, "POST", f"{path}draw", '{"z": [1, 2]}')
    assert failed == (500, b"The image could not be drawn: no room")
    assert ask(port, "POST", f"{path}draw", '{"z": [1, 0]}')[0] == 200


def test_what_a_refused_request_brings_is_no_request(serving):
    """A page elsewhere may send text; ours, inside it, must not be answered."""
    port, path = serving
    body = '{"z": [1, 0]}'
    inner = (
        f"POST {path}draw HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    outer = (
        f"POST {path}draw HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Origin: http://evil.example\r\nContent-Length: {len(inner)}\r\n\r\n{inner}"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(outer.encode())
        answers = b""
        while part := connection.recv(65536):
            answers += part
    assert answers.startswith(b"HTTP/1.1 403 ") and answers.count(b"HTTP/1.1") == 1


def test_bad_input_of_the_page_is_refused_in_one_line(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    model = ("--pretrained", "mnist_tutorial")
    assert "not empty" in refusal("explore.py", *model, "--export", tmp_path / "full")
    assert "--port must be" in refusal("explore.py", *model, "--port", 65536)
    out = tmp_path / "out"
    assert "--export" in refusal("explore.py", *model, "--port", 80, "--export", out)
    assert "no pretrained model" in refusal("explore.py", "--pretrained", "x", "--export", out)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal("explore.py", *model, "--port", port)
    assert f"cannot listen on port {port}: Address already in use" in line
    assert not out.exists()


def test_a_diverged_run_is_named_and_the_port_is_asked_for_first(tmp_path):
    prefix = diverged(tmp_path / "model")
    line = refusal("explore.py", "--checkpoint", prefix, "--export", tmp_path / "out")
    assert "not finite" in line and "--checkpoint" in line
    assert not (tmp_path / "out").exists()


def diverged(prefix):
    """A checkpoint of mnist_tutorial whose generator is no numbers."""
    with tf.Graph().as_default(), tf.Session() as session:
        graph = build_sample_graph(systems.get("mnist_tutorial").config(), "ema")
        session.run(tf.global_variables_initializer())
        for variable in tf.global_variables("mnist_tutorial/generator/linear1"):
            variable.load(np.full(variable.shape, np.nan), session)
        return tf.train.Saver(graph.saved).save(session, str(prefix))


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run on faces of the project's own, with averaged weights, in a folder whose
    name has a space."""
    path = tmp_path_factory.mktemp("runs") / "my run"
    done = call(
        "train_celeba.py",
        "--data",
        "synthetic",
        "--limit",
        8,
        "--width",
        8,
        "--batch-size",
        4,
        "--steps",
        2,
        "--ema-decay",
        0.5,
        "--samples",
        1,
        "--run-dir",
        path,
    )
    assert done.returncode == 0, done.stderr
    return path


def test_a_page_of_a_run_names_its_data_its_weights_and_no_path(run_dir, tmp_path):
    done = call("explore.py", "--run-dir", run_dir, "--latest", "--export", tmp_path / "page")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "page" / "index.html").read_text()
    assert "The weights: trained on faces drawn by the project, MIT." in text
    model = json.loads(re.search(r'id="model"[^>]*>(.*?)</script>', text)[1])
    assert model["option"] == "--run-dir 'my run' --latest"
    assert str(run_dir.parent) not in text
    # its training as it went: of so short a run the pictures alone
    training = model["training"]
    assert [frame["step"] for frame in training["frames"]] == [0, 2] and not training["curves"]
    assert "Point at a curve" not in text


def test_live_a_browser_is_opened_and_served_at_once(run_dir, tmp_path):
    """Also one that is waited for until it is closed, as those in a terminal are."""
    script = tmp_path / "browser"
    script.write_text(
        f'#!/bin/sh\n{sys.executable} -c "import sys, urllib.request; '
        f"open('{tmp_path}/seen', 'wb').write(urllib.request.urlopen(sys.argv[1])"
        '.read())" "$1"\nsleep 60\n'
    )
    script.chmod(0o755)
    environment = {**ENVIRONMENT, "BROWSER": str(script)}
    words, output = command("explore.py", "--run-dir", run_dir), subprocess.PIPE
    process = started(words, env=environment, stdout=output, start_new_session=True)
    seen = tmp_path / "seen"
    until(lambda: seen.exists() and b"</html>" in seen.read_bytes(), process)
    assert "--run-dir '" + str(run_dir) in seen.read_text()
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate()
