"""Networks whose output at a pixel depends on the pixels before it in raster order, and on no
other.
"""

from kerasgen.networks.autoregressive.gated import GatedPixelCNN
from kerasgen.networks.autoregressive.gru import CausalGRU, CausalLSTM
from kerasgen.networks.autoregressive.pixelcnn import PixelCNN
from kerasgen.networks.autoregressive.pixelcnnpp import PixelCNNPlusPlus
from kerasgen.networks.autoregressive.recurrent import DiagonalBiLSTM, RowLSTM
from kerasgen.networks.autoregressive.transformer import CausalTransformer

__all__ = [
    "CausalGRU",
    "CausalLSTM",
    "CausalTransformer",
    "DiagonalBiLSTM",
    "GatedPixelCNN",
    "PixelCNN",
    "PixelCNNPlusPlus",
    "RowLSTM",
]
