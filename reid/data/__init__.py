"""ReID data sets on disk: which image shows whom, seen by which camera, for training and for measuring.

from reid.data import load_reid_data

data = load_reid_data(["Market-1501-v15.09.15", "synthetic:500"])
"""

from reid.data.images import Crops, read_crops, read_image
from reid.data.sources import counts_table, load_reid_data
from reid.data.types import DISTRACTOR, JUNK, UNKNOWN_CAMERA, ReidData, Split, num_identities

__all__ = [
    "DISTRACTOR",
    "JUNK",
    "UNKNOWN_CAMERA",
    "Crops",
    "ReidData",
    "Split",
    "counts_table",
    "load_reid_data",
    "num_identities",
    "read_crops",
    "read_image",
]
