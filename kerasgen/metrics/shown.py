"""What shown samples are, in words."""


def in_words(model):
    """What `model.shown_samples` gives."""
    if model.shows_means:
        return "means of p(x | z), z drawn from the prior"
    guidance = getattr(model, "guidance", 1)
    return "samples" if guidance == 1 else f"samples under guidance {guidance:g}"
