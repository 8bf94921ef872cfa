"""Image files -> embeddings, by the thousand: files are read in threads while the network embeds those before."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from reid.data.images import Image, read_crops
from reid.encoder import Embeddings

__all__ = ["CropEncoder", "EmbeddedFiles", "embed_files"]

FILES_AT_ONCE = 128


class CropEncoder(Protocol):
    """An encoder that takes crops; all that look at pictures do.

    Attributes:
        name: public name.
        runtime: what runs its network, `None` without one.
        embedding_dim: width D of the embeddings.
        input_size: `(H, W)` px of the crops.
        resize: how images are brought to it, one of `reid.resizing.RESIZES`.
    """

    name: str
    runtime: str | None
    embedding_dim: int
    input_size: tuple[int, int]
    resize: str

    def embed_crops(self, crops: npt.NDArray[np.uint8]) -> Embeddings:
        """`(N, D)` rows of unit length of `(N, H, W, 3)` uint8 BGR crops."""
        ...


@dataclass(frozen=True)
class EmbeddedFiles:
    """What became of some image files.

    Attributes:
        embeddings: `(N, D)`, of those that could be read, in their order.
        paths: those N files.
        damaged: files that could not be read or do not decode.
    """

    embeddings: Embeddings
    paths: tuple[Path, ...]
    damaged: tuple[Path, ...]


def embed_files(
    encoder: CropEncoder,
    paths: Sequence[Path],
    *,
    workers: int = 2,
    change: Callable[[Image], Image] | None = None,
    on_progress: Callable[[int], object] = lambda count: None,
) -> EmbeddedFiles:
    """Embed image files, stretched to the input size of the encoder.

    Args:
        encoder: see `CropEncoder`.
        paths: image files; those that do not decode are left out and named in the result.
        workers: threads that decode.
        change: applied to each image before it is resized, such as a rotation.
        on_progress: told how many files were done, each time some are.
    """
    chunks = [paths[start : start + FILES_AT_ONCE] for start in range(0, len(paths), FILES_AT_ONCE)]
    rows: list[Embeddings] = [np.empty((0, encoder.embedding_dim), np.float32)]
    kept: list[Path] = []
    damaged: list[Path] = []
    with ThreadPoolExecutor(1) as ahead:
        read = functools.partial(
            read_crops, size=encoder.input_size, workers=workers, change=change, resize=encoder.resize
        )
        coming = deque(ahead.submit(read, chunk) for chunk in chunks[:1])
        for number, chunk in enumerate(chunks, start=1):
            crops = coming.popleft().result()
            coming.extend(ahead.submit(read, following) for following in chunks[number : number + 1])
            rows.append(encoder.embed_crops(crops.images))
            kept += [chunk[row] for row in crops.rows]
            damaged += crops.damaged
            on_progress(len(chunk))
    return EmbeddedFiles(np.concatenate(rows), tuple(kept), tuple(damaged))
