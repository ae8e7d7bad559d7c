"""The files of a written port as one text, for tests that run it in their own process."""

import re

from dcgan_v1.porting.text import own_layers_file


def as_one(own, *texts):
    """Returns files of a port as one: own_layers.py first, without the imports between them.

    Args:
      own: name -> definition of what the framework lacks.
      texts: of networks.py, and of training.py after it.
    """
    lines = "\n".join([own_layers_file.text(own, texts, "it"), *texts]).splitlines()
    return "\n".join(x for x in lines if not re.match("from (own_layers|networks) import ", x))
