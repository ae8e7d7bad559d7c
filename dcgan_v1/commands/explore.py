"""Opens a page to explore a trained generator: draws to click on, the ways between
them, the directions that change most. Or writes it as one file that needs no Python."""

import os
import sys
import webbrowser

from dcgan_v1 import files, runtime
from dcgan_v1.commands import cli, options
from dcgan_v1.errors import UserError

PAGE = "index.html"
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def main(args):
    if not 0 <= args.port <= 65535:
        raise UserError(f"--port must be from 0 (a free one) to 65535, not {args.port}")
    if args.export and (args.port or args.no_browser):
        raise UserError("--export writes a file: --port and --no-browser serve one")
    files.refuse_unwritable(args.export, empty_folder=True)
    path = options.model_path(args)
    runtime.prepare()
    from dcgan_v1.checkpoints import finding
    from dcgan_v1.explore import page
    from dcgan_v1.sample import open_sampler

    prefix = finding.resolve(path, print)
    with open_sampler(prefix, page.BN, args.device, args.latest) as sampler:
        print(f"restored {sampler.restored}")
        packed, directions = look_into(prefix, sampler, args.latest)
        model = describe(path, sampler.system, directions, args)
        if args.export:
            write(args.export, page.html(model, packed))
        else:
            serve(page.html(model), sampler, args)


def look_into(prefix, sampler, latest):
    """Returns (what the page computes images from, [(name, direction)])."""
    from dcgan_v1.checkpoints import restoring
    from dcgan_v1.explore import directions, packing, page
    from dcgan_v1.export import chain, networks

    config = restoring.identify(prefix)
    with networks.open_network(prefix, config, "generator", page.BN, latest) as network:
        found = [
            (f"Component {i}", vector)
            for i, vector in enumerate(directions.principal(chain.read(network)), 1)
        ]
        packed = packing.pack(network)
    if sampler.has_judge:
        print("asking D which way is up", flush=True)
        upwards = directions.score(sampler)
        found += [("D's score", upwards)] if upwards is not None else []
    return packed, found


def describe(path, system, directions, args):
    """Returns what the page is told; of a path no more than its last name."""
    from dcgan_v1.explore import page
    from dcgan_v1.export import card

    option = f"--checkpoint {path.name}"
    for name in ("pretrained", "model"):
        if getattr(args, name):
            option = f"--{name} {getattr(args, name)}"
    if args.run_dir:
        option = f"--run-dir {path.name}"
    licence = f"The weights were {card.weights_licence(path, system)}."
    return page.Model(system, option, directions, licence)


def write(folder, html):
    files.write({folder / PAGE: html.encode()})
    print(f"wrote {folder / PAGE} ({len(html) / 1e6:.1f} MB): open it in a browser")


def serve(html, sampler, args):
    """Serves the page until it is interrupted."""
    from dcgan_v1.explore import server

    def draw(z):
        return sampler(z[None])[0][0]

    z_dim = sampler.system.z_dim
    serving, address = server.open_server(html, draw, z_dim, args.port)
    with serving:
        print(f"{address} shows the page; Ctrl-C ends it", flush=True)
        if not (args.no_browser or open_browser(address)):
            print(
                "no browser was found here: open that address in one, or write a page "
                "that needs no Python with --export DIR",
                flush=True,
            )
        try:
            serving.serve_forever()
        except KeyboardInterrupt:
            print("ended")


def open_browser(address):
    """Returns whether a browser with windows took the address."""
    if sys.platform.startswith("linux") and not any(map(os.environ.get, DISPLAYS)):
        return False
    return webbrowser.open(address)


def make_parser():
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
