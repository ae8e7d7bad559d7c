"""Small photos of one grey each, in a folder and in a zip."""

import io
import zipfile

from PIL import Image

from dcgan_v1.data import image_dataset
from dcgan_v1.systems import Celeba64Config


def jpeg(colour, size=(178, 218)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def write_greys(folder):
    """Ten images, two folders deep, each of one grey: 0, 20, 40, ..."""
    for i in range(10):
        path = folder / f"part{i // 5}" / f"{i:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg((20 * i,) * 3))
    (folder / "notes.txt").write_text("no image")
    return folder


def as_zip(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.jpg")):
            archive.write(file, f"img_align_celeba/{file.name}")
    return path


def load(data, cache_folder=None, said=None, **settings):
    config = Celeba64Config(data=str(data), batch_size=4, **settings)
    say = said.append if said is not None else (lambda text: None)
    return image_dataset.load(config, cache_folder, size=64, say=say, quiet=True)


def greys(images):
    return [int(image.mean().round()) for image in images]
