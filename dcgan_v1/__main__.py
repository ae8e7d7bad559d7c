"""`python -m dcgan_v1`, the same as the console command `dcgan-v1`."""

from dcgan_v1.commands import entry

entry()
