"""A stand-in: no picture is changed."""

from skimage.color import unchanged

resize = rescale = unchanged
