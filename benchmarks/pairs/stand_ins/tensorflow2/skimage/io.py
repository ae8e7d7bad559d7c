"""A stand-in: no picture is read or written."""


def imsave(*args, **kwargs):
    """Writes nothing."""


imread = imshow = show = imsave
