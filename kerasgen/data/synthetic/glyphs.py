"""Digits of the free fonts that come with matplotlib, as distances from their outlines."""

import functools
import pathlib

import numpy as np

FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSans-BoldOblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSansMono-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "DejaVuSerif-BoldItalic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
    "cmr10",
    "cmb10",
    "cmss10",
    "cmtt10",
)
NONE = 10 * len(FONTS)  # the glyph of no digit
REACH = 0.8  # of a glyph's square around its middle, in heights of a digit
_SIDE = 128  # of that square, in cells


@functools.cache
def distances():
    """How far each cell lies outside of a glyph's outline, and how wide glyphs are, in heights.

    Glyph 10 f + d is digit d of font f; cells inside of it have negative distances. The glyph
    `NONE` is far from everywhere.

    Returns:
        Distances `[NONE + 1, side, side]` and widths `[NONE + 1]`, float32.

    >>> outside, widths = distances()
    >>> outside.shape, bool(widths[8] > widths[1])  # an eight is wider than a one
    ((191, 128, 128), True)
    """
    from scipy import ndimage

    height = _SIDE / (2 * REACH)
    outside = np.full((NONE + 1, _SIDE, _SIDE), REACH, "float32")
    widths = np.full(NONE + 1, 0.5, "float32")
    for glyph, inked in enumerate(_pictures(height)):
        far, deep = (ndimage.distance_transform_edt(part) for part in (~inked, inked))
        outside[glyph] = (far - deep) / height
        columns = np.flatnonzero(inked.any(axis=0))
        widths[glyph] = (columns[-1] + 1 - columns[0]) / height
    return outside, widths


def _pictures(height):
    """Every digit of every font, Boolean `[side, side]`, in the middle; a zero is `height` high."""
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    folder = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf")
    for name in FONTS:
        path = str(folder / f"{name}.ttf")
        _, top, _, bottom = ImageFont.truetype(path, 1000).getbbox("0")
        font = ImageFont.truetype(path, round(1000 * height / (bottom - top)))
        for digit in "0123456789":
            picture = Image.new("L", (_SIDE, _SIDE))
            left, top, right, bottom = font.getbbox(digit)
            corner = (_SIDE - left - right) / 2, (_SIDE - top - bottom) / 2
            ImageDraw.Draw(picture).text(corner, digit, fill=255, font=font)
            yield np.asarray(picture) > 127
