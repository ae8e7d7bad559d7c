"""Opens a page to explore a trained generator: draws, the ways between them, directions.

Or writes it as one file that needs no Python."""

import argparse
import contextlib
import os
import shlex
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dcgan_v1 import files, runtime
from dcgan_v1.commands import cli, options
from dcgan_v1.errors import UserError
from dcgan_v1.explore import history, page
from dcgan_v1.explore.server import Server

if TYPE_CHECKING:
    from dcgan_v1.checkpoints.checkpoint import Checkpoint
    from dcgan_v1.sample import Sampler
    from dcgan_v1.systems import System

Directions = list[tuple[str, np.ndarray]]
PAGE = "index.html"
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def main(args: argparse.Namespace) -> None:
    if not 0 <= args.port <= 65535:
        raise UserError(f"--port must be from 0 (a free one) to 65535, not {args.port}")
    if args.export and (args.port or args.no_browser):
        raise UserError("--export writes a file: --port and --no-browser serve one")
    files.refuse_unwritable(args.export, empty_folder=True)
    path = options.model_path(args)
    with contextlib.ExitStack() as stack:
        server = None if args.export else stack.enter_context(Server(args.port))
        runtime.prepare(keras=False)
        from dcgan_v1.checkpoints.checkpoint import open_checkpoint
        from dcgan_v1.sample import open_sampler

        checkpoint = open_checkpoint(path, print)
        with open_sampler(checkpoint, page.BATCH_NORM, args.device, args.latest) as sampler:
            print(f"restored {sampler.restored}")
            packed, directions = look_into(checkpoint, sampler, args)
            judge = pack_judge(checkpoint, sampler) if args.export else None
            has_judge = judge is not None if args.export else sampler.has_discriminator
            model = describe(path, sampler.system, directions, args, has_judge)
            html = page.html(model, packed, judge)
            if server:
                serve(server, html, sampler, args.no_browser)
            else:
                write(args.export, html)


def look_into(
    checkpoint: "Checkpoint", sampler: "Sampler", args: argparse.Namespace
) -> tuple[page.Packed | None, Directions]:
    """Looks for what a page needs of a model.

    Args:
      checkpoint: the model's.
      sampler: of it.
      args: the command's.

    Returns:
      (what a page with everything in it computes images from, None for one that asks
      this process; the directions to walk along, with their names).
    """
    from dcgan_v1.explore import directions, packing
    from dcgan_v1.export import layers, networks

    axes: Directions = []
    packed = None
    with networks.open_network(checkpoint, "generator", page.BATCH_NORM, args.latest) as network:
        try:
            vectors = directions.principal(layers.read_layers(network))
            axes += [(f"Component {i}", v) for i, v in enumerate(vectors, 1)]
        except layers.UnknownLayer as error:
            print(f"no principal components: {error}")
        if args.export:
            try:
                packed = packing.pack(network)
            except layers.UnknownLayer as error:
                raise UserError(f"{error}; leave out --export") from error
    if sampler.has_discriminator:
        print("asking D which way is up", flush=True)
        upwards = directions.score(sampler)
        axes += [("D's score", upwards)] if upwards is not None else []
    return packed, axes


def pack_judge(checkpoint: "Checkpoint", sampler: "Sampler") -> page.Packed | None:
    """Returns the discriminator for a page with everything in it; None where there is none.

    Args:
      checkpoint: the model's.
      sampler: of it.
    """
    from dcgan_v1.explore import packing
    from dcgan_v1.export import layers, networks
    from dcgan_v1.sample import draw_noise

    if not sampler.has_discriminator:
        return None
    system = sampler.system
    z = draw_noise(system.noise, packing.DRAWS, system.z_dim, seed=0)
    images, _ = sampler.arrays(z)
    try:
        with networks.open_network(checkpoint, "discriminator", page.BATCH_NORM) as network:
            return packing.pack(network, images)
    except layers.UnknownLayer as error:
        print(f"no scores: {error}")
        return None


def describe(
    path: Path, system: "System", directions: Directions, args: argparse.Namespace, has_judge: bool
) -> page.Model:
    """Returns what the page is told; one that may go elsewhere, of a path no more than
    its last name.

    Args:
      path: where the model lies.
      system: of the model.
      directions: to walk along.
      args: the command's.
      has_judge: whether the page can score images.
    """
    from dcgan_v1.export import card

    names = ("pretrained", "model", "run_dir", "checkpoint")
    name = next(name for name in names if getattr(args, name))
    value = getattr(args, name)
    if args.export and name in ("run_dir", "checkpoint"):
        value = path.absolute().name
    option = f"--{name.replace('_', '-')} {shlex.quote(value)}"
    if args.latest:
        option += " --latest"
    licence = card.weights_licence(path, system).replace("`", "")
    training = history.read(path, system.image_shape[0]) if path.is_dir() else None
    return page.Model(
        system,
        option,
        directions,
        f"The weights: {licence}.",
        has_judge=has_judge,
        training=training,
    )


def write(folder: Path, html: str) -> None:
    files.write({folder / PAGE: html.encode()})
    print(f"wrote {folder / PAGE} ({len(html) / 1e6:.1f} MB): open it in a browser")


def serve(server: Server, html: str, sampler: "Sampler", no_browser: bool) -> None:
    """Serves the page until it is interrupted.

    Args:
      server: that listens already.
      html: the page.
      sampler: draws what the page asks for.
      no_browser: only print the address.
    """
    server.page = html.encode()
    server.draw = lambda z: drawn(sampler, z)
    server.z_dim = sampler.system.z_dim
    print(f"{server.address} shows the page; Ctrl-C ends it", flush=True)
    if not no_browser:  # some browsers are waited for until they are closed
        threading.Thread(target=open_browser, args=(server.address,), daemon=True).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("ended")


def drawn(sampler: "Sampler", z: np.ndarray) -> tuple[np.ndarray, float]:
    """Returns the image uint8 [H, W, C] of a latent [z_dim], and D's probability."""
    images, probability = sampler(z[None])
    return images[0], float(probability[0])


def open_browser(address: str) -> None:
    """Shows the address in a browser with windows, or says that there is none."""
    linux = sys.platform.startswith("linux")
    has_windows = not linux or any(os.environ.get(name) for name in DISPLAYS)
    if not (has_windows and webbrowser.open(address)):
        print(
            "no browser was found here: open that address in one, or write a page "
            "that needs no Python with --export DIR",
            flush=True,
        )


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    options.add_model_options(parser)
    add = parser.add_argument
    add(
        "--export",
        type=cli.path,
        metavar="DIR",
        help="write the page with everything in it as DIR/index.html, DIR new or empty",
    )
    add(
        "--port",
        type=int,
        default=0,
        metavar="N",
        help="of 127.0.0.1 (default %(default)s: a free one)",
    )
    add("--no-browser", action="store_true", help="only print the address")
    options.add_latest_option(parser)
    options.add_device_option(parser)
    return parser
