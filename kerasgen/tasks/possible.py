"""Which tasks a model does, asked of the tasks themselves, without data."""

from kerasgen.model import GenerativeModel
from kerasgen.tasks import compression, denoising, editing, enlarging, inpainting, traversal
from kerasgen.tasks.novelty import require as require_likelihood
from kerasgen.tasks.transfer import require as require_sentences

REQUIREMENTS = {  # of the commands: each raises a ValueError for a model that cannot
    "compress": compression.engine_of,
    "denoise": denoising.require,
    "detect": require_likelihood,
    "edit": editing.require,
    "enlarge": enlarging.require,
    "inpaint": inpainting.require,
    "interpolate": editing.require,
    "restyle": editing.require_style,
    "transfer": require_sentences,
    "traverse": traversal.require,
}


def possible(model: GenerativeModel) -> list[str]:
    """Names of the commands whose task a model does.

    >>> possible(kerasgen.zoo.load("gan_mnist"))
    ['inpaint']
    """
    done = []
    for name, require in REQUIREMENTS.items():
        try:
            require(model)
        except ValueError:
            continue
        done.append(name)
    return done
