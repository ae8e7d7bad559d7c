"""Serves the page, and draws for it, to this machine alone."""

from __future__ import annotations

import json
import secrets
import socketserver
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from dcgan_v1.errors import UserError, reason

LOOPBACK = "127.0.0.1"
HOSTS = (LOOPBACK, "localhost")  # any port of them: it may be forwarded by ssh
LONGEST = 100_000  # bytes of a request


class Server(ThreadingHTTPServer):
    """Listens on loopback from the start, and answers once it runs `serve_forever`.

    Its address holds a token that cannot be guessed, so that who finds the port sees
    nothing; requests with another host's name (DNS rebinding) or from another page's
    origin are refused.

    Attributes:
      address: of the page.
      page: bytes; draw: a function from one latent [z_dim] to uint8 [H, W, C] and D's
        probability that it is real, NaN without a D; z_dim. All to be set before it serves.
    """

    daemon_threads = True  # a browser keeps connections open
    page: bytes = b""
    draw: Callable[[np.ndarray], tuple[np.ndarray, float]]
    z_dim: int

    def __init__(self, port: int = 0) -> None:
        """Listens on `port`, 0 for a free one.

        Raises:
          UserError: the port cannot be had.
        """
        self.token = secrets.token_urlsafe(16)
        try:
            super().__init__((LOOPBACK, port), Handler)
        except OSError as error:
            raise UserError(
                f"cannot listen on port {port}: {error.strerror}; leave out --port for a free one"
            ) from error
        self.address = f"http://{LOOPBACK}:{self.server_port}/{self.token}/"

    def server_bind(self) -> None:
        """As HTTPServer's, but for asking a name server who 127.0.0.1 is."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.socket.getsockname()[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Reports nothing where a browser has closed its connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """GET /TOKEN/ gives the page; POST /TOKEN/draw with {"z": [...]} gives its pixels,
    RGBA, and in the header Score D's probability."""

    protocol_version = "HTTP/1.1"
    server: Server
    disable_nagle_algorithm = True  # or a body waits 40 ms for its header's receipt

    def do_GET(self) -> None:
        if self._is_allowed(""):
            self._answer(HTTPStatus.OK, self.server.page, "text/html; charset=utf-8")

    def do_POST(self) -> None:
        if not self._is_allowed("draw"):
            return
        z_dim = self.server.z_dim
        try:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length) if 0 <= length <= LONGEST else b""
            z = np.array(json.loads(body)["z"], np.float64)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            z = np.empty(0)
        if z.shape != (z_dim,) or not np.isfinite(z).all():
            self._refuse(HTTPStatus.BAD_REQUEST, f"A latent has {z_dim} numbers.")
            return
        try:
            image, score = self.server.draw(z)  # [H, W, C]
        except Exception as error:  # the page says it, and goes on
            sentence = f"The image could not be drawn: {reason(error)}"
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, sentence)
            return
        pixels = np.full((*image.shape[:2], 4), 255, np.uint8)
        pixels[..., :3] = image
        self._answer(HTTPStatus.OK, pixels.tobytes(), "application/octet-stream", Score=score)

    def _is_allowed(self, place: str) -> bool:
        """Whether a request is for `place`, from our own page; refuses it otherwise."""
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin", f"http://{host}")
        path = f"/{self.server.token}/{place}".encode()
        if host.partition(":")[0] not in HOSTS or origin != f"http://{host}":
            self._refuse(HTTPStatus.FORBIDDEN, "For this machine's own page alone.")
        elif not secrets.compare_digest(self.path.encode(), path):
            self._refuse(HTTPStatus.NOT_FOUND, "No such page; explore.py says where.")
        else:
            return True
        return False

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        # what else was sent is not read, or it would pass for the next request
        self.close_connection = True
        self._answer(status, sentence.encode(), "text/plain; charset=utf-8")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str, **more: float) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in more.items():
            self.send_header(name, f"{value:.6g}")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Logs nothing: a slider asks a hundred times."""
