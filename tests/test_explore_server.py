"""The process behind the page of explore.py, and what it refuses."""

import http.client
import json
import socket
import threading

import numpy as np
import pytest
from script_runs import refusal

from dcgan_v1.explore import server


@pytest.fixture
def serving():
    """(port, path) of a server that draws what it is sent: z[0] in one pixel."""

    def draw(z):
        return np.full((1, 1, 3), z[0], np.uint8)

    made, address = server.open_server("<p>page</p>", draw, z_dim=2)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made.server_port, address.partition(f":{made.server_port}")[2]
    made.shutdown()
    thread.join()
    made.server_close()


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
    for body in ("", "x", "[]", '{"z": 1}', '{"z": [1]}', '{"z": [1, NaN]}',
                 '{"z": [1, "a"]}', '{"z": [[1, 2]]}', '{"z": null}', "null",
                 '{"z": [1, 1e999]}', '{"z": [1, ' + "9" * 400 + "]}",
                 "[" * 50_000, " " * 200_000):  # fmt: skip
        status, sentence = ask(port, "POST", f"{path}draw", body)
        assert status == 400 and b"latent" in sentence, body[:20]
    assert ask(port, "POST", f"{path}draw", '{"z": [1, 2]}')[0] == 200


def test_bad_input_of_the_page_is_refused_in_one_line(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    model = ("--pretrained", "mnist_tutorial")
    assert "not empty" in refusal("explore.py", *model, "--export", tmp_path / "full")
    assert "--port must be" in refusal("explore.py", *model, "--port", 65536)
    out = tmp_path / "out"
    assert "--export" in refusal("explore.py", *model, "--port", 80, "--export", out)
    assert "no pretrained model" in refusal("explore.py", "--pretrained", "x",
                                            "--export", out)  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal("explore.py", *model, "--port", port)
    assert f"cannot listen on port {port}: Address already in use" in line
    assert not out.exists()
