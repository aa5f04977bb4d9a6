"""Tensors to tensors, no probability."""

from kerasgen.networks.augmentation import RandomAffine
from kerasgen.networks.conv import ConvDecoder, ConvEncoder, ResidualBlock
from kerasgen.networks.dense import MLP
from kerasgen.networks.layers import DepthToSpace, SpaceToDepth

__all__ = ["MLP", "ConvDecoder", "ConvEncoder", "DepthToSpace", "RandomAffine", "ResidualBlock", "SpaceToDepth"]
