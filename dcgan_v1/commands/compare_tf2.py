"""An older name of `compare --system`: a TF1 system against its counterpart.

Says where, by how much and why the two differ. Exits with 0 if they compute the same function,
with 1 if they differ, with 2 if they could not be compared."""

from dcgan_v1.commands import cli, compare_options
from dcgan_v1.commands.compare_systems import main as main


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    compare_options.add_system(parser, "--model", "--system", required=True)
    compare_options.add_start(parser)
    compare_options.add_common(parser, steps=compare_options.SYSTEM_STEPS)
    return parser
