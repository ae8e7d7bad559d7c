"""The standard library of Python 3.5 to 3.7."""

import array
import base64
import collections
import fractions
import inspect
import json
import math
import os
import random
import sys
import tempfile
import threading
import time
import unittest
import xml.etree.ElementTree

import numpy as np


def probe_clock():
    start = time.clock()
    return time.clock() >= start


def probe_collections_iterable():
    return isinstance([1], collections.Iterable), isinstance(1, collections.Hashable)


def probe_collections_mapping():
    from collections import Callable, Mapping, MutableMapping, OrderedDict, Sequence

    return (
        isinstance({}, Mapping),
        isinstance(len, Callable),
        issubclass(OrderedDict, MutableMapping),
        isinstance([], Sequence),
    )


def probe_getargspec():
    def function(a, b=1, *c, **d):
        pass

    spec = inspect.getargspec(function)
    args, varargs, keywords, defaults = spec
    return args, varargs, keywords, defaults, spec.args


def probe_from_inspect():
    from inspect import getargspec

    return getargspec(lambda x: x).args


def probe_gcd():
    return fractions.gcd(12, 18)


def probe_from_fractions():
    from fractions import gcd

    return gcd(8, 12)


def probe_isAlive():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    return thread.isAlive()


def probe_sample_of_set():
    return sorted(random.sample({1, 2, 3}, 3))


def probe_sample_of_keys():
    return random.sample({"a": 1}.keys(), 1)


def probe_sample_of_list():
    random.seed(3)
    return random.sample([1, 2, 3, 4], 2)


def probe_shuffle_with_function():
    x = [1, 2, 3, 4]
    random.shuffle(x, lambda: 0.0)
    return x


def probe_randint_of_float():
    return random.randint(1.0, 1.0), random.randrange(1.0)


def probe_from_random():
    from random import sample

    return len(sample(set("abc"), 2))


def probe_encodestring():
    return base64.encodestring(b"a") == b"YQ==\n", base64.decodestring(b"YQ==") == b"a"


def probe_getchildren():
    root = xml.etree.ElementTree.fromstring("<a><b/><c/></a>")
    return [x.tag for x in root.getchildren()], [x.tag for x in root.getiterator()]


def probe_cElementTree():
    import xml.etree.cElementTree as ET

    return ET.fromstring("<a/>").tag


def probe_json_encoding():
    return json.loads('{"a": 1}', encoding="utf-8")["a"]


def probe_open_universal():
    path = os.path.join(tempfile.mkdtemp(), "a.txt")
    with open(path, "w") as file:
        file.write("a\nb\n")
    with open(path, "rU") as file:
        return file.readlines()


def probe_array_tostring():
    return array.array("b", [1, 2]).tostring() == b"\x01\x02"


def probe_unescape():
    from html.parser import HTMLParser

    return HTMLParser().unescape("&lt;a&gt;")


def probe_cgi_escape():
    import cgi

    return cgi.escape("<a>")


def probe_imp():
    import imp

    return callable(imp.load_source), imp.find_module("json")[0]


def probe_distutils():
    from distutils.dir_util import mkpath
    from distutils.version import LooseVersion

    path = os.path.join(tempfile.mkdtemp(), "a", "b")
    mkpath(path)
    return LooseVersion("1.10") > LooseVersion("1.9"), os.path.isdir(path)


def probe_distutils_spawn():
    import distutils.spawn
    import distutils.util

    return distutils.spawn.find_executable("no-such-program"), distutils.util.strtobool("yes")


def probe_pipes():
    import pipes

    return pipes.quote("a b")


def probe_platform_dist():
    import platform

    return len(platform.linux_distribution()), len(platform.dist())


def probe_assertEquals():
    case = unittest.TestCase("run")
    return case.assertEquals(1, 1), case.assertItemsEqual([1], [1]) if hasattr(
        case, "assertItemsEqual"
    ) else None


def probe_configparser():
    from configparser import SafeConfigParser
    import io

    parser = SafeConfigParser()
    parser.readfp(io.StringIO("[a]\nb = 1\n"))
    return parser.get("a", "b")


def probe_logging_warn():
    import logging

    return logging.getLogger("x").warn("words"), callable(logging.warn)


def probe_setcheckinterval():
    return sys.setcheckinterval(100) if hasattr(sys, "setcheckinterval") else None


def probe_os_errno():
    try:
        return os.errno.EEXIST
    except AttributeError:
        return "AttributeError"


def probe_locale_format():
    import locale

    return locale.format("%d", 12)


def probe_math_of_arrays():
    return math.floor(np.float32(2.5)), math.factorial(5.0)


def probe_importlib_find_loader():
    import importlib
    import pkgutil

    return importlib.find_loader("json") is not None, pkgutil.find_loader("nothing_here") is None


def probe_thread_name():
    return threading.currentThread().getName(), threading.activeCount() > 0


def probe_event():
    return threading.Event().isSet(), threading.Thread(target=len).isDaemon()


def probe_current_time():
    import datetime

    return datetime.datetime.utcfromtimestamp(0).year


def probe_seed_of_anything():
    random.seed((1, 2))
    first = random.random()
    random.seed((1, 2))
    return first == random.random()


def probe_dummy_threading():
    import dummy_threading

    return callable(dummy_threading.Lock)


def probe_text_of_enums():
    import enum

    class Kind(enum.IntEnum):
        ONE = 1

    class Many(enum.Flag):
        A = 1
        B = 2

    class Whole(enum.IntFlag):
        A = 1
        B = 2

    kinds = [str(Kind.ONE), "%s" % Kind.ONE, "{}".format(Kind.ONE), "%d" % Kind.ONE, Kind.ONE + 1]
    return kinds + [str(Many.A | Many.B), str(Many.A), str(Whole.A | Whole.B), Whole.B + 1]


def probe_flags_within_patterns():
    import re

    return (
        re.findall("b(?i)", "aBb"),
        re.sub("a(?i)|c(?s).", "-", "AcC\nc\n"),
        bool(re.match(b"a(?x) b", b"ab")),
        re.split(r"\(\?i\)", "a(?i)b"),
        re.compile("(?i)x").flags & re.I == re.I,
    )


def probe_signature_as_text():
    import inspect

    return (
        inspect.formatargspec(["a", "b"], "c", "e", (1,), ["d"]),
        inspect.formatargspec(["a"]),
        inspect.formatargspec([], None, None, None, ["d"], {"d": 2}),
    )


def probe_plists():
    import os
    import plistlib
    import tempfile

    path = os.path.join(tempfile.mkdtemp(), "a.plist")
    plistlib.writePlist({"a": [1, "b"]}, path)
    return plistlib.readPlist(path)["a"], plistlib.readPlistFromBytes(
        plistlib.writePlistToBytes({"x": 2})
    )["x"]


def probe_arrays_from_text():
    import array

    values = array.array("b", [1])
    values.fromstring(b"\x02\x03")
    return values.tolist(), len(values.tostring())


def probe_gzip_as_a_class():
    import gzip
    import io

    class Counted(gzip.GzipFile):
        pass

    packed = io.BytesIO()
    with Counted(fileobj=packed, mode="wb") as file:
        file.write(b"abc")
    with gzip.GzipFile(fileobj=io.BytesIO(packed.getvalue())) as file:
        return isinstance(file, gzip.GzipFile), file.read() == b"abc"


def probe_argspec():
    import inspect

    return tuple(inspect.ArgSpec(["a"], None, None, None)), inspect.ArgSpec._fields
