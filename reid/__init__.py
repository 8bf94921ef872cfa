"""Crops -> embeddings: the appearance of a person, as a vector of unit length.

    from reid import create_encoder

    encoder = create_encoder("dogenet50")
    embeddings = encoder.encode(frame_bgr, xyxy)  # (N, 512)

Importing this package imports neither PyTorch nor OpenCV; the first encoder that needs them does.
"""

from reid.encoder import Encoder, FileEncoder, NoEncoder
from reid.factories import ENCODERS, create_backbone, create_encoder, is_encoder
from reid.registry import BACKBONES

__all__ = [
    "BACKBONES",
    "ENCODERS",
    "Encoder",
    "FileEncoder",
    "NoEncoder",
    "create_backbone",
    "create_encoder",
    "is_encoder",
]
