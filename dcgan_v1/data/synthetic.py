"""Faces drawn by ourselves, 178x218 like CelebA's, so that anyone can try the scripts.

Varied in skin, hair, pose, features and background; a function of (seed, number).
"""

from __future__ import annotations

import colorsys
import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, ...]  # RGB, 0 to 255
Pen = ImageDraw.ImageDraw

COUNT = 2000  # unless --limit says otherwise
SIZE = (178, 218)
VERSION = 1  # raise when the drawing changes: caches are keyed by it


def face_png(seed: int, number: int) -> bytes:
    """Returns PNG bytes of one face."""
    buffer = io.BytesIO()
    draw_face(np.random.default_rng([seed, number])).save(buffer, "PNG")
    return buffer.getvalue()


def draw_face(rng: np.random.Generator) -> Image.Image:
    """Draws a face with eyes where CelebA's alignment puts them (about y = 111)."""
    image = _background(rng)
    pen = ImageDraw.Draw(image)
    skin = _colour(rng, hue=(0.04, 0.09), saturation=(0.25, 0.6), value=(0.4, 0.98))
    hair = _colour(rng, hue=(0.02, 0.14), saturation=(0.1, 0.8), value=(0.05, 0.75))
    centre = 89 + rng.normal(0, 2)
    turn = rng.uniform(-7, 7)  # how far the features look to one side
    half_width, top, chin = (rng.uniform(38, 46), rng.uniform(58, 66), rng.uniform(160, 174))
    _hair_behind(pen, rng, hair, centre, half_width, top)
    pen.rectangle([centre - 17, chin - 18, centre + 17, 218], fill=_shade(skin, 0.8))
    pen.ellipse([centre - 75, 186, centre + 75, 300], fill=_colour(rng))  # clothes
    pen.ellipse([centre - half_width, top, centre + half_width, chin], fill=skin)
    _hair_in_front(pen, rng, hair, centre, half_width, top)
    _features(pen, rng, skin, hair, centre + turn)
    if rng.random() < 0.15:
        _glasses(pen, centre + turn)
    light = np.linspace(rng.uniform(0.8, 1.15), rng.uniform(0.8, 1.15), SIZE[0])
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(1.2)), np.float64)
    pixels = pixels * light[None, :, None] + rng.normal(0, 3, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _colour(
    rng: np.random.Generator,
    hue: tuple[float, float] = (0, 1),
    saturation: tuple[float, float] = (0.1, 0.8),
    value: tuple[float, float] = (0.2, 0.95),
) -> Colour:
    h, s, v = (rng.uniform(*limits) for limits in (hue, saturation, value))
    return tuple(round(255 * c) for c in colorsys.hsv_to_rgb(h, s, v))


def _shade(colour: Colour, factor: float) -> Colour:
    return tuple(min(255, round(c * factor)) for c in colour)


def _background(rng: np.random.Generator) -> Image.Image:
    top, bottom = (np.array(_colour(rng), np.float64) for _ in range(2))
    share = np.linspace(0, 1, SIZE[1])[:, None, None]
    rows = top * (1 - share) + bottom * share
    return Image.fromarray(np.broadcast_to(rows, (*SIZE[::-1], 3)).astype(np.uint8))


def _hair_behind(
    pen: Pen, rng: np.random.Generator, hair: Colour, centre: float, half_width: float, top: float
) -> None:
    if rng.random() < 0.5:  # long
        length, out = rng.uniform(150, 215), half_width + rng.uniform(8, 20)
        pen.rounded_rectangle([centre - out, top - 18, centre + out, length], 40, fill=hair)


def _hair_in_front(
    pen: Pen, rng: np.random.Generator, hair: Colour, centre: float, half_width: float, top: float
) -> None:
    if rng.random() < 0.08:  # bald
        return
    line = top + rng.uniform(12, 30)
    out = half_width + rng.uniform(3, 8)
    box = [centre - out, top - 16, centre + out, 2 * line - top + 16]
    pen.pieslice(box, 180 + rng.uniform(-8, 8), 360 + rng.uniform(-8, 8), fill=hair)


def _features(pen: Pen, rng: np.random.Generator, skin: Colour, hair: Colour, x: float) -> None:
    eye_y, apart = 111 + rng.normal(0, 1), rng.uniform(17, 20)
    iris = _colour(rng, hue=(0.05, 0.65), value=(0.15, 0.5))
    open_by, brow = rng.uniform(2.5, 5), rng.uniform(8, 13)
    for side in (-1, 1):
        eye = x + side * apart
        pen.ellipse([eye - 8, eye_y - open_by, eye + 8, eye_y + open_by], fill="white")
        pen.ellipse([eye - 4, eye_y - 4, eye + 4, eye_y + 4], fill=iris)
        pen.ellipse([eye - 2, eye_y - 2, eye + 2, eye_y + 2], fill="black")
        inner, outer = eye_y - brow, eye_y - brow + rng.uniform(-3, 3)
        pen.line([eye - side * 8, inner, eye + side * 9, outer], _shade(hair, 0.7), 3)
    nose = 133 + rng.normal(0, 2)
    pen.line([x, eye_y + 4, x + 3, nose, x - 4, nose], _shade(skin, 0.75), 3)
    lips = _colour(rng, hue=(0.95, 1), saturation=(0.4, 0.8), value=(0.5, 0.85))
    half, smile, mouth = rng.uniform(11, 19), rng.uniform(-2, 8), rng.uniform(147, 152)
    box = [x - half, mouth - 4 - smile / 2, x + half, mouth + 4 + smile]
    if rng.random() < 0.35:  # teeth
        pen.chord(box, 0, 180, fill="white", outline=lips, width=3)
    else:
        pen.chord(box, 0, 180, fill=lips)


def _glasses(pen: Pen, x: float) -> None:
    for side in (-1, 1):
        eye = x + side * 18
        pen.ellipse([eye - 14, 99, eye + 14, 123], outline=(30, 30, 30), width=3)
    pen.line([x - 5, 110, x + 5, 110], (30, 30, 30), 3)
