"""A right call of every constructor that recipes can name, and what its object is used for."""

from constructors_of_networks import NETWORKS
from constructors_of_parts import PARTS

CALLS = NETWORKS | PARTS
