"""Hostile files: the answer is a result or one line of error, soon, and nothing elsewhere."""

import contextlib
import gzip
import io
import json
import struct
import tracemalloc
import zipfile

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from dcgan_v1.checkpoints import reading
from dcgan_v1.checkpoints.manifest import damage
from dcgan_v1.config import config_json
from dcgan_v1.data.decode import BadImageError, decode
from dcgan_v1.data.idx import read_idx
from dcgan_v1.data.sources import open_source
from dcgan_v1.errors import UserError
from dcgan_v1.systems import SYSTEMS, Celeba64Config
from dcgan_v1.training import metrics_file

pytestmark = pytest.mark.graph

settings.register_profile(
    "ours",
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("ours")
MEMORY = 64 * 2**20  # bytes that a small file may make a reader take


@contextlib.contextmanager
def little_memory():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def read(path):
    with path.open("rb") as file:
        return read_idx(file, 3, str(path))


def one_line(error):
    text = str(error)
    assert text and "\n" not in text and "Traceback" not in text
    assert len(text) < 2000


@st.composite
def damaged(draw, good):
    """A good file with bytes changed, removed or put in."""
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        kind = draw(st.sampled_from(("change", "cut", "insert")))
        if kind == "change":
            data[at : at + 4] = draw(st.binary(min_size=4, max_size=4))
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, len(good)))]
        else:
            data[at:at] = draw(st.binary(max_size=16))
    return bytes(data)


# ---- IDX ----

HEADERS = st.builds(
    lambda magic, sizes: magic + b"".join(struct.pack(">I", n) for n in sizes),
    st.sampled_from((b"\0\0\x08\x03", b"\0\0\x08\x01", b"\0\0\x0d\x03", b"PK\3\4")),
    st.lists(
        st.one_of(st.integers(0, 2**32 - 1), st.sampled_from((0, 1, 28, 2**31, 2**32 - 1))),
        max_size=3,
    ),
)
IDX = st.builds(lambda head, body: head + body, HEADERS, st.binary(max_size=64))


@given(
    data=st.one_of(st.binary(max_size=64), IDX),
    zipped=st.sampled_from(("no", "yes", "only by name")),
)
def test_an_idx_file_is_read_as_far_as_it_goes_or_refused(tmp_path, data, zipped):
    path = tmp_path / ("x" if zipped == "no" else "x.gz")
    path.write_bytes(gzip.compress(data) if zipped == "yes" else data)
    with little_memory():
        try:
            array, *_ = read(path)
        except UserError as error:
            one_line(error)
            return
    assert array.tobytes() == data[16:]


def test_a_header_that_claims_four_billion_images_takes_no_memory(tmp_path):
    path = tmp_path / "x"
    for sizes in ((2**32 - 1, 28, 28), (2**31, 1, 1), (2**32 - 1, 0, 5)):
        path.write_bytes(b"\0\0\x08\x03" + struct.pack(">III", *sizes) + b"\1" * 99)
        with little_memory(), pytest.raises(UserError, match=r"claims|truncated|long"):
            read(path)


# ---- images ----


def picture(kind):
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((24, 20)).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


PICTURES = {kind: picture(kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF")}
BAD_PICTURES = st.one_of(st.binary(max_size=200), *[damaged(data) for data in PICTURES.values()])


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow, of TIFF
@given(data=BAD_PICTURES, crop=st.sampled_from((None, "square", (108, 108))))
def test_an_image_is_decoded_or_refused(data, crop):
    try:
        image = decode(data, crop=crop, resize="area", size=16)
    except BadImageError as error:
        one_line(error)
    else:
        assert image.shape == (16, 16, 3)


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("a.png", "b/c.png"):
            file.writestr(name, PICTURES["PNG"])
    return buffer.getvalue()


@given(data=st.one_of(st.binary(max_size=100), damaged(archive())))
def test_a_zip_is_read_or_refused_member_by_member(tmp_path, data):
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with little_memory():
        try:
            source = open_source(str(path))
        except UserError as error:
            one_line(error)
            return
        for name in source.names:
            with contextlib.suppress(Exception):  # the cache lists it as unusable
                source.read(name)
    assert not [p for p in tmp_path.rglob("*") if p != path]


# ---- JSON ----

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=10,
)
SETTINGS = st.sampled_from(list(SYSTEMS)).flatmap(
    lambda model: st.dictionaries(
        st.sampled_from(list(json.loads(SYSTEMS[model].config().to_json()))), JSON
    ).map(lambda changes: {"model": model, **changes})
)
TEXTS = st.one_of(
    st.binary(max_size=40),
    JSON.map(lambda value: json.dumps(value).encode()),
    SETTINGS.map(lambda value: json.dumps(value).encode()),
    st.just(b"[" * 100_000),
    damaged(Celeba64Config().to_json().encode()),
)


@given(text=TEXTS)
def test_a_config_is_read_or_refused(text):
    try:
        read = config_json.from_json(text, "config.json")
    except UserError as error:
        one_line(error)
    else:
        assert config_json.from_json(read.to_json(), "config.json") == read


@given(
    manifest=st.one_of(
        JSON,
        st.fixed_dictionaries(
            {"step": st.one_of(st.just(3), JSON)},
            optional={
                "files": st.dictionaries(
                    st.sampled_from(
                        (
                            "model-3.index",
                            "model-3.data-00000-of-00001",
                            "../secret",
                            "/etc/passwd",
                            "model-3.json",
                            "",
                            ".",
                            "model-3.\0",
                        )
                    ),
                    st.one_of(st.text(max_size=64), JSON),
                )
            },
        ),
    ).map(json.dumps)
    | st.text(max_size=20)
)
def test_a_manifest_is_compared_or_refused_and_leads_nowhere(tmp_path, manifest):
    (tmp_path / "secret").write_text("not to be read")
    folder = tmp_path / "checkpoints"
    folder.mkdir(exist_ok=True)
    for name in ("model-3.index", "model-3.data-00000-of-00001"):
        (folder / name).write_bytes(b"x")
    (folder / "model-3.json").write_text(manifest, errors="replace")
    wrong = damage(str(folder / "model-3"))
    assert wrong  # the SHA-256 of "x" is not guessed
    one_line(wrong)
    assert "secret" not in wrong and "passwd" not in wrong


# ---- checkpoints ----


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Two arrays, and no manifest: a stranger's."""
    prefix = tmp_path_factory.mktemp("strange") / "model"
    arrays = {f"mnist_tutorial/generator/{n}": np.ones((3, 4), "f") for n in "ab"}
    reading.write(prefix, arrays)
    files = sorted(prefix.parent.glob("model.*"))
    return prefix, {path: path.read_bytes() for path in files}


@given(data=st.data())
def test_a_strangers_checkpoint_is_read_or_refused(checkpoint, data):
    prefix, files = checkpoint
    for path, good in files.items():
        path.write_bytes(data.draw(st.one_of(st.just(good), damaged(good))))
    try:
        reading.tensors(str(prefix))
    except UserError as error:
        one_line(error)


# ---- metrics.csv ----

METRICS = b"step,epoch,d_loss,g_loss\n10,0,0.5,0.25\n20,0,nan,\n"


@given(data=st.one_of(st.binary(max_size=80), damaged(METRICS)))
def test_a_damaged_metrics_file_keeps_what_is_sound(tmp_path, data):
    path = tmp_path / "metrics.csv"
    path.write_bytes(data)
    metrics_file.MetricsFile(path, 20, ("d_loss", "g_loss"))
    kept = metrics_file.read_metrics(path)
    assert all(int(row["step"]) <= 20 for row in kept)
    assert path.read_bytes().startswith(b"step,epoch,d_loss,g_loss\n")
    for row in kept:
        assert set(row) == {"step", "epoch", "d_loss", "g_loss"}
        for value in row.values():
            float(value or 0)  # empty where a step did not have it
