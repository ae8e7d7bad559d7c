"""Trains a TF1-style DCGAN on MNIST, or on any data in MNIST's file format."""

from dcgan_v1 import pretrained, runtime
from dcgan_v1.commands import cli, options, start
from dcgan_v1.data import mnist
from dcgan_v1.distributed import launcher
from dcgan_v1.errors import UserError
from dcgan_v1.systems import of_script

SYSTEMS = of_script("train_mnist")
CONFIGS = [system.config for system in SYSTEMS.values()]


def main(args):
    args.run_dir = args.run_dir or f"runs/{args.model or 'mnist_beginners'}"
    model = start.system_of(args, SYSTEMS, "mnist_beginners")
    if args.judge:
        pretrained.path_of(pretrained.CLASSIFIER)  # missing, it is missed now
    config, keywords = start.resolve(args, SYSTEMS[model].config)
    if launcher.is_wanted(args):
        return launcher.launch("train_mnist", args, config, keywords["directory"])
    say = (lambda text: None) if args.quiet else print
    data = mnist.load(config.data_dir, config.split, labels=False, say=say)
    config = start.check_same_data(config, data.sha256, keywords)
    left_out = getattr(config, "validation", 0)
    if len(data.images) <= left_out:
        raise UserError(
            f"--validation {left_out} leaves nothing of {len(data.images)} images to train on"
        )

    runtime.prepare()
    from dcgan_v1.data.pipeline import InMemory
    from dcgan_v1.training.train import train

    images = InMemory(data.images[left_out:], SYSTEMS[config.model].last_batch)
    code = train(config, images, **keywords)
    if args.judge and code == 0:
        from dcgan_v1.metrics import classifier_confidence

        say(classifier_confidence.of_last_samples(keywords["directory"]))
    return code


def make_parser():
    parser = cli.parser(__doc__)
    group = parser.add_argument_group("training")
    group.add_argument(
        "--model",
        choices=SYSTEMS,
        help="the system (default mnist_beginners, or that of the run which --restore continues)",
    )
    names = ("steps", "epochs", "pretrain_steps", "batch_size", "init", "seed", "device")
    options.add_settings(group, CONFIGS, *names, "deterministic", *options.RECIPE)
    group = parser.add_argument_group("data")
    options.add_settings(group, CONFIGS, "data_dir", "split", "validation")
    group = parser.add_argument_group("run")
    options.add_settings(group, CONFIGS, "sample_epochs", "save_epochs")
    options.add_run_options(group, CONFIGS, None)
    group.add_argument(
        "--judge",
        action="store_true",
        help="say at the end how many of the samples are digits, by the classifier "
        "that comes with the project (default off)",
    )
    return parser
