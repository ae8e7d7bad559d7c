"""Exports a trained model to another format, with a card that says how to load it.

Formats: SavedModel, frozen graph, TensorFlow Lite, ONNX, Keras, PyTorch. A file is kept only if it
draws what the session draws."""

import argparse
import tempfile
from pathlib import Path

from dcgan_v1 import export, files, image_files, pretrained, runtime
from dcgan_v1.commands import cli, options
from dcgan_v1.config import Config
from dcgan_v1.errors import UserError

GRID = "draws.png"


def main(args: argparse.Namespace) -> None:
    if (args.checkpoint is None) == (args.pretrained is None):
        raise UserError("give a run or a checkpoint, or --pretrained NAME")
    source = args.checkpoint
    if args.pretrained:
        source = str(pretrained.path_of(args.pretrained))
    files.refuse_unwritable(args.out, empty_folder=True)
    runtime.load()  # eager: Keras and TensorFlow Lite need it
    from dcgan_v1.checkpoints.checkpoint import open_checkpoint
    from dcgan_v1.export import card, exporting

    exporting.check_packages(args.to)
    checkpoint = open_checkpoint(source, print)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        system, checks = exporting.export(
            checkpoint,
            args.to,
            folder,
            bn=args.bn,
            discriminator=args.discriminator,
            latest=args.latest,
        )
        images = image_files.to_uint8(checks[0].y, system.image_range)
        (folder / GRID).write_bytes(image_files.png_bytes(image_files.grid(images)))
        text = card.text(
            folder,
            checkpoint,
            checks,
            to=args.to,
            source=source,
            label=f"pretrained/{args.pretrained}" if args.pretrained else source,
            bn=args.bn,
            latest=args.latest,
            grid=GRID,
        )
        (folder / "README.md").write_text(text)
        files.place(folder, args.out)
    print(f"wrote {args.out}: README.md says how to load it")


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add(
        "checkpoint",
        nargs="?",
        metavar="RUN|CHECKPOINT",
        help="a run directory (its newest checkpoint) or a checkpoint's path",
    )
    add("--pretrained", metavar="NAME", help="or a model from pretrained/")
    add(
        "--to",
        required=True,
        choices=export.FORMATS,
        help="savedmodel: TF2 and Serving; frozen: one .pb for TF1; tflite: phones, "
        "float32 and float16; onnx; keras: .keras; torch: a .py and safetensors",
    )
    add("--out", required=True, type=cli.path, metavar="DIR", help="folder for it, new or empty")
    add(
        "--bn",
        choices=options.field_of(Config, "sample_bn").metadata["choices"],
        default="ema",
        help="batch norm by its averages, or by the batch as some sources sample "
        "(default %(default)s)",
    )
    add("--discriminator", action="store_true", help="the discriminator, too (default off)")
    add(  # the option's old name
        "--judge", dest="discriminator", action="store_true", help=argparse.SUPPRESS
    )
    options.add_latest_option(parser)
    return parser
