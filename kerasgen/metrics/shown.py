"""Samples as people and classifiers see them."""


def samples(model, n, labels=None, seed=None):
    """`n` samples as they are shown: means of the likelihood where there is one.

    Independent pixels of a binary draw are noise, which no class and no feature extractor was trained on.
    """
    return model.shown_samples(n, labels, seed)


def are_means(model):
    """Whether the pixels are independent given a code; of those drawn one after the other the mean is no picture."""
    return model.shows_means


def in_words(model):
    """What `samples` gives."""
    if are_means(model):
        return "means of p(x | z), z drawn from the prior"
    guidance = getattr(model, "guidance", 1)
    return "samples" if guidance == 1 else f"samples under guidance {guidance:g}"
