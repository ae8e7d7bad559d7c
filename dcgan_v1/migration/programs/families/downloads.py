"""Downloads of MNIST by urllib, six, requests, wget and Keras, as copies of the files here.

All other addresses are asked for as they were."""

import email.message
import importlib
import io
import os
import shutil
import types
import urllib.parse
import urllib.request
import urllib.response
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dcgan_v1.migration.programs import mnist_files
from dcgan_v1.migration.programs.facade import Facade, Missing


def local(url: Any) -> str | None:
    """Returns the path of a file of MNIST's that a URL, or a request of one, names."""
    url = getattr(url, "full_url", url)
    if not isinstance(url, str) or "://" not in url or mnist_files.RELATIVES.search(url):
        return None
    name = urllib.parse.urlsplit(url).path.rpartition("/")[2]
    path = mnist_files.available(str(mnist_files.run_folder / "mnist_files" / name))
    return path if os.path.isfile(path) else None  # noqa: PTH113


def _headers(path: str) -> email.message.Message:
    headers = email.message.Message()
    headers["Content-Length"] = str(Path(path).stat().st_size)
    return headers


def _opened(path: str) -> io.BytesIO:
    return io.BytesIO(Path(path).read_bytes())


def urlretrieve(
    url: Any, filename: Any = None, reporthook: Any = None, data: Any = None
) -> tuple[Any, Any]:
    """`urllib.request.urlretrieve`."""
    path = local(url)
    if path is None:
        return urllib.request.urlretrieve(url, filename, reporthook, data)
    if reporthook is not None:
        size = Path(path).stat().st_size
        reporthook(1, size, size)
    return shutil.copy(path, filename) if filename is not None else path, _headers(path)


def urlopen(url: Any, *arguments: Any, **options: Any) -> Any:
    """`urllib.request.urlopen`."""
    path = local(url)
    if path is None:
        return urllib.request.urlopen(url, *arguments, **options)
    return urllib.response.addinfourl(_opened(path), _headers(path), str(url), 200)


class Opener:
    """`urllib.URLopener`."""

    retrieve = staticmethod(urlretrieve)
    open = staticmethod(urlopen)


def get_file(plain: Callable[..., Any]) -> Callable[..., Any]:
    """`keras.utils.get_file(name, origin)`."""

    def get_file(fname: Any = None, origin: Any = None, *arguments: Any, **options: Any) -> Any:
        return local(origin) or plain(fname, origin, *arguments, **options)

    return get_file


def modules() -> dict[str, types.ModuleType]:
    """Returns name -> module: urllib, and what else of these is installed or stands for it."""
    names = types.SimpleNamespace(
        urlretrieve=urlretrieve, urlopen=urlopen, URLopener=Opener, FancyURLopener=Opener
    )
    request = Facade("urllib.request", (names, urllib.request))
    found: dict[str, types.ModuleType] = {
        "urllib": Facade("urllib", (types.SimpleNamespace(request=request), urllib)),
        "wget": _wget(),
    }
    if find_spec("six"):
        found["six"] = _six(request)
    if find_spec("requests"):
        found["requests"] = _requests()
    return found


def _six(request: Facade) -> Facade:
    six = importlib.import_module("six")
    of_urllib = (types.SimpleNamespace(request=request), six.moves.urllib)
    of_moves = types.SimpleNamespace(urllib=Facade("six.moves.urllib", of_urllib))
    moves = Facade("six.moves", (of_moves, six.moves))
    return Facade("six", (types.SimpleNamespace(moves=moves), six))


def _requests() -> Facade:
    requests = importlib.import_module("requests")

    class Session(requests.Session):  # type: ignore[name-defined]  # it has no types
        def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
            path = local(url)
            if path is None or method.upper() != "GET":
                return super().request(method, url, *arguments, **options)
            response = requests.Response()
            response.status_code, response.url = 200, url
            response.headers.update(_headers(path))
            response.raw = _opened(path)
            return response

    def get(url: str, params: Any = None, **options: Any) -> Any:
        return Session().get(url, params=params, **options)

    names = types.SimpleNamespace(get=get, Session=Session, session=Session)
    return Facade("requests", (names, requests))


def _wget() -> Facade:
    behind = (importlib.import_module("wget"),) if find_spec("wget") else ()

    def download(url: str, out: str | None = None, *arguments: Any, **options: Any) -> str:
        path = local(url)
        if path is not None:
            into = Path(out or ".")
            return str(shutil.copy(path, into / url.rpartition("/")[2] if into.is_dir() else into))
        if not behind:
            raise Missing("wget.download was called, but wget is not installed: pip install wget")
        return str(behind[0].download(url, out, *arguments, **options))

    names = types.SimpleNamespace(download=download)
    return Facade("wget", (names, *behind), hints={"": "pip install wget"})
