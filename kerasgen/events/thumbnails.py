"""Examples that are no images as small pictures: series, tokens, sentences, several at once.

Pictures are `[N, H, W, C]` in [0, 1].
"""

from typing import Any

import numpy as np

_SIDE = 96  # pixels of a curve's picture
_CELL = 8  # pixels of a token


def curves(series: Any) -> np.ndarray:
    """Series `[N, length, channels]` as lines over time, all to one scale.

    >>> curves(np.zeros((2, 24, 3))).shape
    (2, 96, 96, 3)
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    low, high = float(np.min(series)), float(np.max(series))
    margin = 0.05 * (high - low) or 1.0
    pictures = []
    for example in np.asarray(series):
        figure = Figure(figsize=(1, 1), dpi=_SIDE)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_ylim(low - margin, high + margin)
        axes.plot(example, linewidth=1, marker="." if len(example) < 30 else None, markersize=2)
        canvas.draw()
        pictures.append(np.asarray(canvas.buffer_rgba())[..., :3] / 255)
    return np.stack(pictures).astype("float32")


def cells(tokens: Any, vocab_size: int) -> np.ndarray:
    """Grids of tokens `[N, h, w]` as cells of a colour each.

    >>> cells([[[0, 1, 2]]], vocab_size=3).shape
    (1, 8, 24, 3)
    """
    import matplotlib

    colours = matplotlib.colormaps["turbo"](np.linspace(0, 1, vocab_size))[:, :3]
    large = np.repeat(np.repeat(np.asarray(tokens), _CELL, axis=1), _CELL, axis=2)
    return colours[large].astype("float32")


def lines(sentences: list[str]) -> np.ndarray:
    """Sentences, each in several lines on a card.

    >>> lines(["slow but cheap"]).shape
    (1, 64, 150, 3)
    """
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    height, width, size, margin = 64, 150, 10, 4
    font = ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", size)
    cards = []
    for sentence in sentences:
        card = Image.new("L", (width, height), 255)
        text = "\n".join(_wrapped(sentence, font.getlength, width - 2 * margin, most=5))
        ImageDraw.Draw(card).multiline_text((margin, 2), text, 0, font, spacing=1)
        cards.append(np.asarray(card, "float32")[..., None] / 255)
    return np.repeat(np.stack(cards), 3, axis=-1)


def _wrapped(sentence, length_of, width, most):
    """Lines of a sentence, at most so many and none wider; what is left out ends as "..."."""
    lines = [""]
    for word in sentence.split():
        if length_of(f"{lines[-1]} {word}") > width and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
        while length_of(lines[-1]) > width:  # a word wider than a line
            fits = next(n for n in range(len(word) - 1, 0, -1) if length_of(word[:n]) <= width)
            lines[-1], word = word[:fits], word[fits:]
            lines.append(word)
    if len(lines) > most:
        lines = lines[:most]
        while length_of(f"{lines[-1]} ...") > width:
            lines[-1] = lines[-1][:-1]
        lines[-1] += " ..."
    return lines


def beside(pictures: list[np.ndarray]) -> np.ndarray:
    """Batches of pictures of any size side by side, in colour, small ones enlarged.

    >>> beside([np.zeros((2, 8, 8, 3)), np.ones((2, 4, 4, 1))]).shape  # each between two columns
    (2, 8, 20, 3)
    """
    height = max(batch.shape[1] for batch in pictures)
    columns = []
    for batch in pictures:
        zoom = max(1, height // batch.shape[1])
        batch = np.repeat(np.repeat(batch, zoom, axis=1), zoom, axis=2)
        batch = np.broadcast_to(batch, (*batch.shape[:3], 3))
        missing = height - batch.shape[1]
        margins = ((0, 0), (missing // 2, missing - missing // 2), (1, 1), (0, 0))
        columns.append(np.pad(batch, margins, constant_values=1))
    return np.concatenate(columns, axis=2)
