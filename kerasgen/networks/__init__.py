"""Tensors to tensors, no probability."""

from kerasgen.networks.augmentation import Corrupted, RandomAffine, RandomShift
from kerasgen.networks.autoregressive import (
    CausalGRU,
    CausalLSTM,
    CausalTransformer,
    DiagonalBiLSTM,
    GatedPixelCNN,
    PixelCNN,
    PixelCNNPlusPlus,
    RowLSTM,
)
from kerasgen.networks.conv import ConvDecoder, ConvEncoder, ResidualBlock
from kerasgen.networks.dcgan import DCGANCritic, DCGANGenerator
from kerasgen.networks.dense import MLP
from kerasgen.networks.enlarging import EnlargingDecoder
from kerasgen.networks.flows import FlowNetwork, MaskedAutoregressive, Planar, RealNVP
from kerasgen.networks.grid import GridDecoder, GridEncoder
from kerasgen.networks.heads import ScoreHead
from kerasgen.networks.joint import JointDecoder, JointEncoder, SenseDecoder, SenseEncoder
from kerasgen.networks.layers import DepthToSpace, SpaceToDepth
from kerasgen.networks.pooled import PatchTransform, PooledBlock, PooledEncoder, SignedParts
from kerasgen.networks.resnet import ResampledBlock, ResidualCritic, ResidualGenerator
from kerasgen.networks.sentences import SentenceEncoder
from kerasgen.networks.tiles import TileEncoder
from kerasgen.networks.token_grid import TokenGrid
from kerasgen.networks.tokens import TokenTransformer

__all__ = [
    "MLP",
    "CausalGRU",
    "CausalLSTM",
    "CausalTransformer",
    "ConvDecoder",
    "ConvEncoder",
    "Corrupted",
    "DCGANCritic",
    "DCGANGenerator",
    "DepthToSpace",
    "DiagonalBiLSTM",
    "EnlargingDecoder",
    "FlowNetwork",
    "GatedPixelCNN",
    "GridDecoder",
    "GridEncoder",
    "JointDecoder",
    "JointEncoder",
    "MaskedAutoregressive",
    "PatchTransform",
    "PixelCNN",
    "PixelCNNPlusPlus",
    "Planar",
    "PooledBlock",
    "PooledEncoder",
    "RandomAffine",
    "RandomShift",
    "RealNVP",
    "ResampledBlock",
    "ResidualBlock",
    "ResidualCritic",
    "ResidualGenerator",
    "RowLSTM",
    "ScoreHead",
    "SenseDecoder",
    "SenseEncoder",
    "SentenceEncoder",
    "SignedParts",
    "SpaceToDepth",
    "TileEncoder",
    "TokenGrid",
    "TokenTransformer",
]
