"""The notebook runs from top to bottom, without a network."""

import re

import nbclient
import nbformat
import pytest
from script_runs import ENVIRONMENT, ROOT, SECONDS

OFFLINE = """
import socket
real = socket.socket.connect
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        assert address[0] in ("127.0.0.1", "::1"), f"offline, but asks {address}"
    return real(self, address)
socket.socket.connect = connect
"""  # in every Python process
TOUR = ROOT / "notebooks" / "tour.ipynb"


@pytest.mark.release
def test_the_tour_runs_offline_from_top_to_bottom(tmp_path):
    before = sorted(ROOT.iterdir()), sorted(TOUR.parent.iterdir())
    notebook = nbformat.read(TOUR, as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(TOUR.parent)}},
    )
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(OFFLINE)
    env = {**ENVIRONMENT, "PYTHONPATH": str(site), "TMPDIR": str(tmp_path)}
    client.execute(env=env)
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    text = "".join(out.get("text", "") for out in outputs)
    assert "same: mnist_tutorial against tf2" in text
    assert "leaky ReLU has slope 0.3, TF1's has 0.2" in text
    assert "(64, 28, 28, 1) from -" in text
    # each script has a clock, and what it prints comes as it runs
    clocks = [out["data"].get("text/markdown", "") for out in outputs if "data" in out]
    assert sum(bool(re.fullmatch(r"`\w+\.py`: \d+ s", clock)) for clock in clocks) == 7
    assert sum("image/png" in out.get("data", {}) for out in outputs) == 6
    (folder,) = tmp_path.glob("tour*")
    assert (folder / "page" / "index.html").stat().st_size > 6e6
    assert before == (sorted(ROOT.iterdir()), sorted(TOUR.parent.iterdir()))


@pytest.mark.unit
def test_it_is_kept_without_outputs_that_would_age():
    for cell in nbformat.read(TOUR, as_version=4).cells:
        assert not cell.get("outputs") and not cell.get("execution_count")
