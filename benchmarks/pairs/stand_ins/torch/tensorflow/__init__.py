"""A stand-in: ports of that time read MNIST with TensorFlow's tutorial, or its files by gfile."""

import os
import shutil
from pathlib import Path

from dcgan_v1.data.mnist import SHIPPED


class gfile:
    """What TensorFlow 1 called its files; a file of MNIST that is asked for is there."""

    MakeDirs = staticmethod(os.makedirs)
    GFile = staticmethod(open)

    @staticmethod
    def Exists(path):
        shipped = SHIPPED / Path(path).name
        if shipped.is_file() and not Path(path).exists():
            shutil.copyfile(shipped, path)
        return Path(path).exists()
