"""h5py 2 and files of arrays."""

import os
import pickle
import tempfile

import h5py
import numpy as np


def path(name):
    return os.path.join(tempfile.mkdtemp(), name)


def probe_mode_by_default():
    with h5py.File(path("a.h5")) as f:
        f["x"] = np.ones(3)
        return f["x"].value


def probe_mode_of_what_is_there():
    name = path("a.h5")
    h5py.File(name, "w").close()
    with h5py.File(name) as f:
        f["x"] = 2.5
    with h5py.File(name) as f:
        return f["x"].value


def probe_texts():
    name = path("a.h5")
    with h5py.File(name, "w") as f:
        f["t"] = "words"
        f.attrs["a"] = "more"
        f.create_dataset("l", data=[b"ab", b"c"])
    with h5py.File(name, "r") as f:
        return f["t"][()], f["t"].value, f.attrs["a"], f["l"][0] == b"ab"


def probe_texts_of_many():
    with h5py.File(path("a.h5"), "w") as f:
        kind = h5py.special_dtype(vlen=str)
        data = f.create_dataset("t", (2,), dtype=kind)
        data[0] = "one"
        return data[0], data[:].tolist()[0]


def probe_is_file():
    with h5py.File(path("a.h5"), "w") as f:
        return isinstance(f, h5py.File), isinstance(f, h5py.Group)


def probe_highlevel():
    return h5py.highlevel.File is h5py.File


def probe_keys():
    with h5py.File(path("a.h5"), "w") as f:
        f["a/b"] = 1
        return list(f.keys()), len(f["a"].values())


def probe_dataset_dtype():
    with h5py.File(path("a.h5"), "w") as f:
        data = f.create_dataset("x", data=np.eye(2))
        return data.value.sum(), data.len(), np.array(data).shape


def probe_pickle_latin1():
    name = path("a.pkl")
    with open(name, "wb") as f:
        pickle.dump({"x": np.arange(2)}, f, protocol=2)
    with open(name, "rb") as f:
        return pickle.load(f, encoding="latin1")["x"].tolist()


def probe_pickle_of_numpy_1():
    return pickle.loads(PICKLE, encoding="bytes")


# np.arange(3) as numpy 1 wrote it for Python 2
PICKLE = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02U\x01b"
    b"\x87q\x03Rq\x04(K\x01K\x03\x85q\x05cnumpy\ndtype\nq\x06U\x02i8K\x00K\x01\x87q\x07Rq\x08(K\x03U\x01<NNNJ"
    b"\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x18"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00tb."
)
