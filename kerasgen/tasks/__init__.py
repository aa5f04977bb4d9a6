"""What people do with a trained model."""

from kerasgen.tasks.interpolation import interpolate
from kerasgen.tasks.traversal import traverse

__all__ = ["interpolate", "traverse"]
