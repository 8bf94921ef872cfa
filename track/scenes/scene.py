"""What a detector found in a source, frame by frame, without the pictures; and parts of tracking that play it back.

A pass over the source makes a `Scene`, one more for each encoder its embeddings. Tracking then takes them as if a
detector, an encoder and a camera were at work, by the code of `track run`, and so with its results.
"""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors import Detections, Detector
from reid import Encoder
from track.run.pipeline import usable
from track.scenes.cache import Entry
from track.setup.loading import create_camera
from track.setup.parts import Affine
from track.sources import Source
from track.terminal.progress import ProgressTask
from track.threads.ahead import read_ahead

__all__ = ["Embedded", "Scene", "detect_scene", "embed_scene"]

_PER_FRAME = ("frame_indices", "times_s", "counts", "motions")
_PER_BOX = ("xyxy", "scores", "class_ids", "features")


@dataclass(frozen=True)
class Scene:
    """The usable detections of a source.

    Attributes:
        frame_indices: `(F,)` int64, 0-based in the source.
        times_s: `(F,)` s.
        counts: `(F,)` int64, detections of each frame.
        motions: `(F, 2, 3)` the camera's from frame to frame; `(0, 2, 3)` without pictures.
        xyxy, scores, class_ids, features: of all N detections, as in `detectors.Detections`.
        facts: `detector` (its name), `class_names`, `rejected` (by reason), `detect_s` and `camera_s`, `notes` of the
            source, `size` (width and height in px of its frames, `None` where they differ or nobody knows).
    """

    frame_indices: npt.NDArray[np.int64]
    times_s: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    motions: npt.NDArray[np.float64]
    xyxy: npt.NDArray[np.floating[Any]]
    scores: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    features: npt.NDArray[np.float32]
    facts: dict[str, Any]

    def __len__(self) -> int:
        return len(self.frame_indices)

    @property
    def num_boxes(self) -> int:
        """Detections of all frames."""
        return len(self.xyxy)

    @property
    def class_names(self) -> dict[int, str]:
        """Name of each class id of the detector."""
        return {int(key): name for key, name in self.facts["class_names"].items()}

    def rows_by_frame(self) -> list[slice]:
        """Which detections are of each frame."""
        ends = np.cumsum(self.counts).tolist()
        return [slice(end - count, end) for end, count in zip(ends, self.counts.tolist(), strict=True)]

    def to_entry(self) -> Entry:
        """For the cache."""
        return Entry({name: getattr(self, name) for name in (*_PER_FRAME, *_PER_BOX)}, self.facts)

    @staticmethod
    def from_entry(entry: Entry) -> Scene:
        """From the cache."""
        return Scene(**{name: entry.arrays[name] for name in (*_PER_FRAME, *_PER_BOX)}, facts=dict(entry.facts))


@dataclass(frozen=True)
class Embedded:
    """The embeddings of a scene by one encoder.

    Attributes:
        rows: `(N, D)` float32, one a detection.
        facts: `gate` and `gate_curve` of the checkpoint (or `None`), `embed_s`, `runtime`, `precision`, `input_size`.
    """

    rows: npt.NDArray[np.float32]
    facts: dict[str, Any]


def detect_scene(source: Source, detector: Detector, task: ProgressTask) -> Scene:
    """Detect in every frame of `source`, and measure how the camera moved."""
    frames: list[tuple[int, float, int]] = []
    found: list[Detections] = []
    motions: list[Affine] = []
    sizes: set[tuple[int, int] | None] = set()
    rejected: Counter[str] = Counter()
    camera = create_camera(source, detector.name)
    still_size = (source.width, source.height) if source.width and source.height else None
    detect_s = camera_s = 0.0
    with read_ahead(source) as ahead:
        for frame in ahead:
            before = time.perf_counter()
            size = still_size if frame.image is None else (frame.image.shape[1], frame.image.shape[0])
            sizes.add(size)
            detections = usable(detector.detect(frame.image, frame.index), size, rejected)
            between = time.perf_counter()
            if camera is not None:
                motions.append(camera.estimate(frame.image, detections.xyxy))
            detect_s, camera_s = detect_s + between - before, camera_s + time.perf_counter() - between
            frames.append((frame.index, frame.time_s, len(detections)))
            found.append(detections)
            task.step(len(detections))
    facts = {
        "detector": detector.name,
        "class_names": {str(key): name for key, name in detector.class_names.items()},
        "rejected": dict(rejected),
        "detect_s": detect_s,
        "camera_s": camera_s,
        "notes": list(source.report.notes),
        "size": sizes.pop() if len(sizes) == 1 else None,
    }
    return _joined(frames, found, motions, facts)


def _joined(
    frames: list[tuple[int, float, int]], found: list[Detections], motions: list[Affine], facts: dict[str, Any]
) -> Scene:
    filled = [detections for detections in found if len(detections)] or [Detections.empty()]
    return Scene(
        frame_indices=np.array([index for index, _, _ in frames], np.int64),
        times_s=np.array([time_s for _, time_s, _ in frames], np.float64),
        counts=np.array([count for _, _, count in frames], np.int64),
        motions=np.array(motions, np.float64).reshape(-1, 2, 3),
        xyxy=np.concatenate([detections.xyxy for detections in filled]),
        scores=np.concatenate([detections.scores for detections in filled]),
        class_ids=np.concatenate([detections.class_ids for detections in filled]),
        features=np.concatenate([detections.features for detections in filled]),
        facts=facts,
    )


def embed_scene(source: Source, scene: Scene, encoder: Encoder, task: ProgressTask) -> Embedded:
    """Embed every detection of a scene; `source` is read once more, for the pictures.

    The first crop goes through the network twice, the first time unmeasured: a runtime sets itself up then.
    """
    rows: list[npt.NDArray[np.float32]] = [np.empty((0, encoder.embedding_dim), np.float32)]
    embed_s, is_warm = 0.0, False
    with read_ahead(source) as frames:
        for frame, index, of_frame in zip_longest(frames, scene.frame_indices.tolist(), scene.rows_by_frame()):
            if frame is None or frame.index != index:
                raise ValueError(f"{source.name} gives other frames than before: type the same again with --no-cache")
            xyxy, features = scene.xyxy[of_frame], scene.features[of_frame]
            if len(xyxy) and not is_warm:
                encoder.encode(frame.image, xyxy[:1], features[:1])
                is_warm = True
            before = time.perf_counter()
            rows.append(encoder.encode(frame.image, xyxy, features))
            embed_s += time.perf_counter() - before
            task.step(len(xyxy))
    facts = {
        "gate": encoder.gate,
        "gate_curve": None if encoder.gate_curve is None else dataclasses.asdict(encoder.gate_curve),
        "embed_s": embed_s,
        "runtime": encoder.runtime,
        "precision": encoder.precision,
        "input_size": None if encoder.input_size is None else list(encoder.input_size),
    }
    return Embedded(np.concatenate(rows), facts)
