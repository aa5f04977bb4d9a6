"""What people do with a trained model."""

from kerasgen.tasks.compression import compress, decompress
from kerasgen.tasks.denoising import denoise
from kerasgen.tasks.editing import direction, edit, restyle
from kerasgen.tasks.enlarging import enlarge
from kerasgen.tasks.inpainting import inpaint
from kerasgen.tasks.interpolation import interpolate
from kerasgen.tasks.novelty import novelty
from kerasgen.tasks.sentences import alike, sentences_between
from kerasgen.tasks.transfer import transfer
from kerasgen.tasks.traversal import traverse

__all__ = [
    "alike",
    "compress",
    "decompress",
    "denoise",
    "direction",
    "edit",
    "enlarge",
    "inpaint",
    "interpolate",
    "novelty",
    "restyle",
    "sentences_between",
    "transfer",
    "traverse",
]
