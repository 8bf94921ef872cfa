"""A scene that was detected and embedded before, played to the tracker as if it came from the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors import Detections
from reid.gates import GateCurve
from track.scenes.scene import Scene
from track.setup.parts import Affine
from track.sources import Frame
from track.sources.types import BaseSource, TimeSpan

__all__ = ["Replay", "ReplaySource"]


class ReplaySource(BaseSource):
    """The frames of a scene, without their pictures."""

    def __init__(self, scene: Scene, name: str, fps: float) -> None:
        super().__init__(name, TimeSpan())
        self.fps, self.num_frames, self.has_images = fps, len(scene), False
        self.width, self.height = scene.facts["size"] or (0, 0)
        self._scene = scene

    def read_frames(self) -> Iterator[Frame]:
        """All of them."""
        for index, time_s in zip(self._scene.frame_indices.tolist(), self._scene.times_s.tolist(), strict=True):
            yield Frame(index, time_s, None)


class Replay:
    """Detector, encoder and camera of a scene in one: each gives what it gave for that frame.

    Frames come in order, and each one's embeddings are asked for after its detections; some may be skipped.

    Args:
        scene: the detections.
        embeddings: of a network; `None` for an encoder that needs none and runs by itself.
    """

    needs_images = False
    parallel = 1
    gate: float | None = None
    gate_curve: GateCurve | None = None
    runtime = precision = input_size = None
    device = "cpu"

    def __init__(self, scene: Scene, name: str, embeddings: npt.NDArray[np.float32] | None = None) -> None:
        self.name = name
        self.class_names: Mapping[int, str] = scene.class_names
        self.embedding_dim = 0 if embeddings is None else embeddings.shape[1]
        self._scene, self._embeddings = scene, embeddings
        self._rows = dict(zip(scene.frame_indices.tolist(), scene.rows_by_frame(), strict=True))
        self._now, self._motions = slice(0), iter(scene.motions)

    def detect(self, image: npt.NDArray[np.uint8] | None, frame_index: int) -> Detections:
        """The detections of a frame."""
        scene, rows = self._scene, self._rows[frame_index]
        self._now = rows
        return Detections(scene.xyxy[rows], scene.scores[rows], scene.class_ids[rows], scene.features[rows])

    def encode(
        self, image: npt.NDArray[np.uint8] | None, xyxy: npt.ArrayLike, features: npt.ArrayLike | None = None
    ) -> npt.NDArray[np.float32]:
        """The embeddings of the frame that was detected last, `(N, D)`, one a box.

        Raises:
            ValueError: another number of boxes than was embedded.
        """
        rows, count = self._now, len(np.asarray(xyxy))
        if self._embeddings is None or rows.stop - rows.start != count:
            raise ValueError(f"{self.name}: no embeddings of these {count} boxes; delete the cache of comparisons")
        return self._embeddings[rows]

    def estimate(self, image: npt.NDArray[np.uint8] | None, xyxy: npt.NDArray[Any]) -> Affine:
        """The camera's motion to the next frame, `(2, 3)` px."""
        motion: Affine = next(self._motions)
        return motion
