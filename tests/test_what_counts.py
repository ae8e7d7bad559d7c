"""What of a folder or zip counts as an image, and what is said of the rest."""

import io
import os
import zipfile

import numpy as np
import pytest
from PIL import Image
from script_runs import call, fresh

from dcgan_v1.data import cache, image_dataset, sources
from dcgan_v1.errors import UserError
from dcgan_v1.systems import Celeba64Config

pytestmark = pytest.mark.unit


def png(value=0):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (value,) * 3).save(buffer, "PNG")
    return buffer.getvalue()


COPIES = (".ipynb_checkpoints/a-checkpoint.png", "sub/.thumbnails/a.png")
COPIES += (".Trash-1000/files/b.png", "__MACOSX/c.png", "@eaDir/d.png", "sub/._a.png")
OTHERS = ("notes.txt", "labels.csv", "more.zip", "Thumbs.db", ".DS_Store")
GOOD = ("a.png", "sub/b.PNG", "sub/deeper/c.jpeg")


def fill(folder):
    for name in (*COPIES, *OTHERS, *GOOD):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png())


def zipped(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, png())
    return path


def test_copies_that_programs_keep_are_no_images_and_are_said_to_be_there(tmp_path):
    folder = tmp_path / "faces"
    fill(folder)
    for data in (folder, zipped(tmp_path / "z.zip", *COPIES, *OTHERS, *GOOD)):
        source = sources.open_source(str(data))
        assert sorted(source.names) == sorted(GOOD)
        said = str(source.passed_over)
        assert "5 images in hidden folders (" in said
        assert "1 archives, which are not opened (more.zip)" in said
        assert "3 files without the suffix of an image (" in said
        assert "2 hidden files (" in said


def test_what_was_counted_and_passed_over_is_said_at_the_start(tmp_path):
    fill(tmp_path / "faces")
    config = Celeba64Config(data=str(tmp_path / "faces"), batch_size=1, crop="none")
    said = []
    image_dataset.load(config, tmp_path / "cache", size=8, say=said.append, quiet=True)
    assert said[0].startswith(f"3 images in {tmp_path}/faces")
    assert said[1].startswith(f"ignored in {tmp_path}/faces: ")
    assert "5 images in hidden folders" in said[1]


def test_a_folder_with_nothing_but_an_archive_says_so(tmp_path):
    zipped(tmp_path / "img_align_celeba.zip", "a.png")
    with pytest.raises(UserError, match=r"no images in .* 1 archives, which are not"):
        sources.open_source(str(tmp_path))


def test_folders_behind_links_are_searched_once_each(tmp_path):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for folder in (data / "real", elsewhere / "deep"):
        folder.mkdir(parents=True)
        (folder / "x.png").write_bytes(png())
    links = {
        "0": data / "real",
        "link": elsewhere,
        "twice": elsewhere / "deep",
        "up": tmp_path,
        "loop": data,
    }
    for name, target in links.items():
        (data / name).symlink_to(target)
    (elsewhere / "back").symlink_to(data)
    source = sources.open_source(str(data))
    # the way without a link, where there is one, so that an old run finds its names
    assert source.names == ["link/deep/x.png", "real/x.png"]
    assert "5 links to folders that are counted already" in str(source.passed_over)
    assert source.read("link/deep/x.png") == png()


def test_a_link_into_a_hidden_folder_counts_what_lies_there(tmp_path):
    (tmp_path / ".store" / "faces").mkdir(parents=True)
    (tmp_path / ".store" / "faces" / "x.png").write_bytes(png())
    (tmp_path / "faces").symlink_to(".store/faces")
    assert sources.open_source(str(tmp_path)).names == ["faces/x.png"]


def test_a_dangling_link_and_a_link_to_a_file_stay_what_they_were(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "c.png").symlink_to(tmp_path / "nothing")
    assert sources.open_source(str(tmp_path)).names == ["a.png", "b.png", "c.png"]


# ---- Pillow's warnings ----


def jpeg_with_broken_exif(angle=0):
    """A sound picture whose EXIF data end too soon, as some phones' do."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 1, "x" * 50
    buffer = io.BytesIO()
    picture = Image.radial_gradient("L").resize((178, 218)).rotate(angle)
    picture.save(buffer, "JPEG", exif=exif.tobytes()[:-30])
    return buffer.getvalue()


@pytest.mark.cli
def test_pillows_warnings_are_collected_and_name_their_files_once(tmp_path):
    faces = tmp_path / "faces"
    faces.mkdir()
    for i in range(6):
        (faces / f"{i}.jpg").write_bytes(jpeg_with_broken_exif(30 * i))
    args = ("--data", faces, "--width", 8, "--batch-size", 4, "--steps", 3)
    done = fresh("train_celeba.py", *args, "--no-cache", "--run-dir", tmp_path / "r")
    assert done.returncode == 0, done.stderr
    assert "UserWarning" not in done.stdout + done.stderr
    assert ".py" not in done.stderr
    assert done.stdout.count("Pillow warns of ") == 1
    line = next(x for x in done.stdout.splitlines() if x.startswith("Pillow warns"))
    assert "0.jpg, 1.jpg, 2.jpg and 3 more" in line
    done = call("train_celeba.py", *args, "--quiet", "--run-dir", tmp_path / "q")
    assert done.returncode == 0 and done.stdout == "" and done.stderr == ""


def test_a_warning_is_laid_at_the_door_of_its_own_file(tmp_path):
    pixels = np.random.default_rng().integers(0, 256, (8, 8, 3), np.uint8)
    for i in range(40):
        Image.fromarray(pixels).save(tmp_path / f"good{i:02}.png")
    for i in (7, 23):
        (tmp_path / f"odd{i}.jpg").write_bytes(jpeg_with_broken_exif())
    said = []
    source = sources.open_source(str(tmp_path))
    options = {"crop": None, "resize": "area", "size": 8, "background": "file"}
    options["value_range"] = "data"
    cache.load(source, None, options, skip_bad=False, say=said.append, quiet=True)
    (line,) = said
    assert line.endswith(": odd23.jpg, odd7.jpg")


def test_names_that_are_no_text_can_be_said(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")
    with open(path, "wb"):  # noqa: PTH123
        pass
    (tmp_path / "a.png").write_bytes(png())
    text = str(sources.open_source(str(tmp_path)).passed_over)
    text.encode("utf-8", "backslashreplace")
