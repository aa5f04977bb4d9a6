"""What shown samples are, in words."""

from kerasgen.abilities import Samples


def in_words(model: Samples) -> str:
    """What `model.shown_samples` gives.

    >>> in_words(kerasgen.families.Mixture([2], num_components=3))
    'samples'
    """
    if model.shows_means:
        return "means of p(x | z), z drawn from the prior"
    return "samples" if model.guidance == 1 else f"samples under guidance {model.guidance:g}"
