"""What train.py of a PyTorch or a tf.Module port does otherwise than that of a Keras port."""

TF2_STATE = """\
# ---- state ----


def given(batch):
    return {name: tf.constant(array) for name, array in batch.items()}


def checkpoint(training):
    return tf.train.Checkpoint(**{name: getattr(training, name) for name in MODELS + OPTIMIZERS})


def save(training, folder):
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint(training).write(str(folder / "checkpoint"))


def restore(training, folder):
    checkpoint(training).read(str(folder / "checkpoint")).assert_consumed()
"""
TORCH_STATE = """\
# ---- state ----


def given(batch):
    return {name: tensor(array) for name, array in batch.items()}


def tensor(array):
    \"\"\"Returns a tensor; maps are [N, C, H, W] in the port.\"\"\"
    return torch.from_numpy(np.moveaxis(array, -1, 1).copy() if array.ndim == 4 else array)


def save(training, folder):
    folder.mkdir(parents=True, exist_ok=True)
    states = {name: getattr(training, name).state_dict() for name in MODELS + OPTIMIZERS}
    torch.save(states, folder / "checkpoint.pt")


def restore(training, folder):
    states = torch.load(folder / "checkpoint.pt", weights_only=True)
    for name in MODELS + OPTIMIZERS:
        getattr(training, name).load_state_dict(states[name])
"""
TORCH_PICTURES = '''\
def read_picture(path, size):
    """Returns the largest square in a picture's middle, in the network's size."""
    from PIL import Image, ImageOps

    image = Image.open(path).convert("L" if size[2] == 1 else "RGB")
    image = ImageOps.fit(image, (size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(size)


def resized(pictures, size):
    maps = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    maps = F.interpolate(maps, size, mode="bilinear", antialias=True)
    return np.rint(maps.permute(0, 2, 3, 1).numpy()).astype(np.uint8)


def write_png(path, pixels):
    height, width, channels = pixels.shape

    def chunk(kind, data):
        end = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + end

    head = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b"".join(b"\\0" + row.tobytes() for row in pixels)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    path.write_bytes(b"\\x89PNG\\r\\n\\x1a\\n" + b"".join(chunk(*part) for part in parts))
'''
TORCH_DRAWN = """\
def drawn(training, inputs):
    network = training.{network}.eval()
    with torch.no_grad():
        pictures = network{method}(*map(tensor, inputs)).numpy()
    return np.moveaxis(pictures, 1, -1) if pictures.ndim == 4 else pictures
"""
