"""What shown samples are, in words."""

from kerasgen.abilities import Samples


def in_words(model: Samples) -> str:
    """What `model.shown_samples` gives.

    >>> in_words(kerasgen.families.Mixture([2], num_components=3))
    'samples'
    """
    if model.shows_means:
        return "means of p(x | z), z drawn from the prior"
    guidance = getattr(model, "guidance", 1)
    return "samples" if guidance == 1 else f"samples under guidance {guidance:g}"
