"""Serves the page, and draws for it, to this machine alone."""

import json
import secrets
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from dcgan_v1.errors import UserError

HOSTS = ("127.0.0.1", "localhost")  # any port of them: it may be forwarded by ssh
LONGEST = 100_000  # bytes of a request


def open_server(html, draw, z_dim, port=0):
    """Returns (a server on loopback that wants `serve_forever`, the page's address).

    Addresses hold a token that cannot be guessed, so that other users of the machine
    see nothing; requests with another host's name (DNS rebinding) or from another
    page's origin are refused.

    Args:
      html: the page.
      draw: a function from one latent [z_dim] to uint8 [H, W, C].
      port: 0 for a free one.

    Raises:
      UserError: the port cannot be had.
    """
    token = secrets.token_urlsafe(16)
    bound = {"page": html.encode(), "draw": draw, "z_dim": z_dim, "token": token}
    handler = type("BoundHandler", (Handler,), bound)
    try:
        server = Server(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"cannot listen on port {port}: {reason}; leave out --port for a free one"
        ) from error
    return server, f"http://127.0.0.1:{server.server_port}/{token}/"


class Server(ThreadingHTTPServer):
    daemon_threads = True  # a browser keeps connections open

    def handle_error(self, request, client_address):
        """Says nothing of a browser that has gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """GET /TOKEN/ gives the page; POST /TOKEN/draw with {"z": [...]} gives its pixels,
    RGBA."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self._is_allowed(""):
            self._answer(HTTPStatus.OK, self.page, "text/html; charset=utf-8")

    def do_POST(self):
        if not self._is_allowed("draw"):
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST:
            self.close_connection = True  # what it sends is not read
            self._refuse(HTTPStatus.BAD_REQUEST, "no latent, or more than one")
            return
        try:
            z = np.array(json.loads(self.rfile.read(int(length)))["z"], np.float64)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            z = np.empty(0)
        if z.shape != (self.z_dim,) or not np.isfinite(z).all():
            self._refuse(HTTPStatus.BAD_REQUEST, f"a latent has {self.z_dim} numbers")
            return
        image = type(self).draw(z)  # [H, W, C]
        pixels = np.full((*image.shape[:2], 4), 255, np.uint8)
        pixels[..., :3] = image
        self._answer(HTTPStatus.OK, pixels.tobytes(), "application/octet-stream")

    def _is_allowed(self, place):
        """Whether a request is for `place`, from our own page; refuses it otherwise."""
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin", f"http://{host}")
        if host.partition(":")[0] not in HOSTS or origin != f"http://{host}":
            self._refuse(HTTPStatus.FORBIDDEN, "for this machine's own page alone")
        elif not secrets.compare_digest(
            self.path.encode(), f"/{self.token}/{place}".encode()
        ):
            self._refuse(HTTPStatus.NOT_FOUND, "no such page; see explore.py's output")
        else:
            return True
        return False

    def _refuse(self, status, sentence):
        self._answer(status, sentence.encode(), "text/plain; charset=utf-8")

    def _answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing: a slider asks a hundred times."""
