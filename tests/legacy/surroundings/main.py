"""What programs of 2017 found around them: each probe uses one name and writes what it gives.

`main.py FILE.json`: runs on TensorFlow 1.15 (numpy 1.16, scipy 1.1, matplotlib 3.0,
Pillow 5.4, h5py 2.9, seaborn 0.9, scikit-learn 0.20, Keras 2.2), where the right values come from,
and here."""

import importlib
import json
import sys
import warnings

import numpy as np

FAMILIES = (
    "numpy_names",
    "numpy_arithmetic",
    "standard_library",
    "drawing",
    "files",
    "scipy_names",
    "sklearn_names",
    "tensorflow_names",
    "contrib_names",
    "keras_names",
    "distribution_names",
    "cell_names",
    "tool_names",
)


def plain(value):
    """As JSON has it, floats to six digits."""
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), plain(value.ravel().tolist()[:50])]
    if isinstance(value, np.generic):
        return [value.dtype.name, plain(value.item())]
    if isinstance(value, float):
        return float("%.6g" % value)
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    raise TypeError("a probe gave %r" % type(value))


def probe(function):
    try:
        return plain(function())
    except Exception as error:
        return "error: %s: %s" % (type(error).__name__, str(error)[:200])


def main():
    warnings.simplefilter("ignore")
    found = {}
    for family in sys.argv[2:] or FAMILIES:
        module = importlib.import_module(family)
        functions = [f for n, f in sorted(vars(module).items()) if n.startswith("probe_")]
        for function in functions:
            found[family + "." + function.__name__[6:]] = probe(function)
    lines = ["%s: %s" % (json.dumps(k), json.dumps(found[k])) for k in sorted(found)]
    with open(sys.argv[1], "w") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(found), "probes")


if __name__ == "__main__":
    main()
