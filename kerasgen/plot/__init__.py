"""Pictures of images, densities and codes, as PNG and GIF files."""

from kerasgen.plot.animate import animate
from kerasgen.plot.columns import columns
from kerasgen.plot.curves import curves
from kerasgen.plot.density import density
from kerasgen.plot.grid import grid, pairs
from kerasgen.plot.manifold import manifold
from kerasgen.plot.show import show
from kerasgen.plot.units import units
from kerasgen.plot.usage import usage

__all__ = [
    "animate",
    "columns",
    "curves",
    "density",
    "grid",
    "manifold",
    "pairs",
    "show",
    "units",
    "usage",
]
