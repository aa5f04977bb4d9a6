"""What people do with a trained model."""

from kerasgen.tasks.compression import compress, decompress
from kerasgen.tasks.interpolation import interpolate
from kerasgen.tasks.traversal import traverse

__all__ = ["compress", "decompress", "interpolate", "traverse"]
