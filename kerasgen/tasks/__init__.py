"""What people do with a trained model."""

from kerasgen.tasks.interpolate import interpolate

__all__ = ["interpolate"]
