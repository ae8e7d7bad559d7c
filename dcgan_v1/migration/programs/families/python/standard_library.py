"""What Python's standard library had in 3.5 to 3.7, and lost since."""

import array
import asyncio
import base64
import collections
import collections.abc
import fractions
import html
import html.parser
import importlib.machinery
import importlib.util
import inspect
import json
import math
import platform
import random
import shlex
import sys
import threading
import time
import types
import xml.etree.ElementTree
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dcgan_v1.migration.programs import amending
from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families.python import standard_texts


class ArgSpec(NamedTuple):
    """What `inspect.getargspec` gave."""

    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple[Any, ...] | None


def getargspec(func: Any) -> ArgSpec:
    return ArgSpec(*inspect.getfullargspec(func)[:4])


def _sample(population: Any, k: int, **options: Any) -> list[Any]:
    """Of a set or of a dict's keys, too, in their order."""
    if not isinstance(population, collections.abc.Sequence):
        population = tuple(population)
    return random.sample(population, k, **options)


def _shuffle(x: Any, random_function: Callable[[], float] | None = None) -> None:
    """With a function of its own for the draws, which 3.11 takes no longer."""
    if random_function is None:
        random.shuffle(x)
        return
    for i in reversed(range(1, len(x))):
        j = int(random_function() * (i + 1))
        x[i], x[j] = x[j], x[i]


def _seed(a: Any = None, *arguments: Any) -> None:
    """Anything that has a hash was taken until 3.11."""
    is_taken = a is None or isinstance(a, int | float | str | bytes | bytearray)
    random.seed(a if is_taken else hash(a), *arguments)


def _whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of integers that took 10.0 for 10."""

    def of_numbers(*numbers: Any, **options: Any) -> Any:
        integers = [int(n) if isinstance(n, float) and n == int(n) else n for n in numbers]
        return function(*integers, **options)

    return of_numbers


def _loads(text: Any, *, encoding: str | None = None, **options: Any) -> Any:
    del encoding  # had no effect since 3.1
    return json.loads(text, **options)


def _load(file: Any, *, encoding: str | None = None, **options: Any) -> Any:
    del encoding
    return json.load(file, **options)


def _linux_distribution(*_: Any, **__: Any) -> tuple[str, str, str]:
    try:
        about = platform.freedesktop_os_release()
    except OSError:
        return "", "", ""
    return about.get("NAME", ""), about.get("VERSION_ID", ""), about.get("VERSION_CODENAME", "")


def _escape(text: str, quote: bool = False) -> str:
    return html.escape(text, quote)


NAMES: dict[str, tuple[types.ModuleType, dict[str, Any]]] = {
    "asyncio": (asyncio, {"async": asyncio.ensure_future, "coroutine": types.coroutine}),
    "base64": (base64, {"encodestring": base64.encodebytes, "decodestring": base64.decodebytes}),
    "collections": (
        collections,
        {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    ),
    "fractions": (fractions, {"gcd": math.gcd}),
    "inspect": (inspect, {"getargspec": getargspec, "ArgSpec": ArgSpec, **standard_texts.INSPECT}),
    "json": (json, {"loads": _loads, "load": _load}),
    "math": (math, {"factorial": _whole(math.factorial)}),
    "platform": (
        platform,
        {"linux_distribution": _linux_distribution, "dist": _linux_distribution},
    ),
    "random": (
        random,
        {
            "sample": _sample,
            "seed": _seed,
            "shuffle": _shuffle,
            "randint": _whole(random.randint),
            "randrange": _whole(random.randrange),
        },
    ),
    "sys": (sys, {"setcheckinterval": lambda _: None, "getcheckinterval": lambda: 100}),
    "time": (time, {"clock": time.perf_counter}),
}
# of classes of C, which take no names from others: see `rewriting`
METHODS: dict[str, Callable[..., Any]] = {
    "getchildren": list,
    "getiterator": lambda element, tag=None: list(element.iter(tag)),
    "tostring": lambda values: values.tobytes(),
    "fromstring": lambda values, text: values.frombytes(text),
}
HOLDERS = (array.array, xml.etree.ElementTree.Element)


def modules() -> dict[str, types.ModuleType]:
    """Returns name -> module of the standard library as a program's files see it."""
    amending.add_names(
        threading.Thread, {"isAlive": lambda thread: thread.is_alive()}, "threading.Thread"
    )
    amending.add_names(
        html.parser.HTMLParser, {"unescape": lambda _, text: html.unescape(text)}, "HTMLParser"
    )
    found = {name: Facade(name, (plain,), names) for name, (plain, names) in NAMES.items()}
    etree = Facade("xml.etree", (xml.etree,), {"cElementTree": xml.etree.ElementTree})
    found["xml"] = Facade("xml", (xml,), {"etree": etree})
    found["dummy_threading"] = Facade("dummy_threading", (threading,))
    return {**found, **standard_texts.modules(), **_of_newer_pythons()}


def _of_newer_pythons() -> Mapping[str, types.ModuleType]:
    """Modules that 3.12 and 3.13 left out, as far as programs use them."""
    found: dict[str, types.ModuleType] = {}
    with_escape = {"escape": _escape}
    has = {name: importlib.util.find_spec(name) is not None for name in ("cgi", "distutils")}
    behind = (importlib.import_module("cgi"),) if has["cgi"] else ()
    found["cgi"] = Facade("cgi", behind, with_escape)
    if not has["distutils"] and importlib.util.find_spec("setuptools"):
        # setuptools carries it, and answers for its name
        found["distutils"] = Facade(
            "distutils", (importlib.import_module("setuptools._distutils"),)
        )
    if importlib.util.find_spec("pipes") is None:
        found["pipes"] = Facade("pipes", (), {"quote": shlex.quote})
    if importlib.util.find_spec("imp") is None:
        found["imp"] = Facade("imp", (), {"load_source": load_source, "reload": importlib.reload})
    return found


def load_source(name: str, path: str) -> types.ModuleType:
    """`imp.load_source`."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
