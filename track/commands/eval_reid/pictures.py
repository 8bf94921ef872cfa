"""`track eval-reid --pictures N`: queries with the ten images that they found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from reid.data import ReidData, read_image
from reid.plots import ranking_picture
from reid.ranking import Labels, Relevance

__all__ = ["write_pictures"]

SIZE = (160, 80)
TOP = 10


def write_pictures(
    folder: Path,
    data: ReidData,
    query: npt.NDArray[np.floating[Any]],
    gallery: npt.NDArray[np.floating[Any]],
    labels: Labels,
    count: int,
) -> list[Path]:
    """Write `<rank of the first match>-<query>.jpg` of `count` queries, spread evenly over those that have a match.

    Args:
        folder: made if need be.
        data: whose query and gallery the rows are.
        query: `(Q, D)` embeddings of unit length.
        gallery: `(G, D)` embeddings of unit length.
        labels: who they show.
        count: pictures; fewer where there are fewer queries.
    """
    relevance = Relevance(labels)
    usable = [row for row in range(len(query)) if len(relevance.matches(row)[0])]
    chosen = np.unique(np.linspace(0, len(usable) - 1, min(count, len(usable))).round().astype(int))
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder, data, query[usable[row]], gallery, relevance, usable[row]) for row in chosen]


def _write(folder: Path, data: ReidData, query: Any, gallery: Any, relevance: Relevance, row: int) -> Path:
    distances = 1 - gallery @ query
    matches, kept_out = relevance.matches(row)
    distances[relevance.junk] = distances[kept_out] = np.inf
    order = np.argsort(distances, kind="stable")
    top = order[np.isfinite(distances[order])][:TOP]
    first = 1 + int(np.flatnonzero(np.isin(order, matches))[0])
    right = np.isin(top, matches)
    found = [
        (_image(data.gallery.paths[column]), bool(hit), float(distances[column]))
        for column, hit in zip(top, right, strict=True)
    ]
    picture = ranking_picture(_image(data.query.paths[row]), found)
    path = folder / f"rank{first}-{row}-{data.query.paths[row].stem}.jpg"
    path.write_bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    return path


def _image(path: Path) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.resize(read_image(path), SIZE[::-1], interpolation=cv2.INTER_AREA), np.uint8)
