"""What people do with a trained model."""

from kerasgen.tasks.interpolate import interpolate
from kerasgen.tasks.traverse import traverse

__all__ = ["interpolate", "traverse"]
