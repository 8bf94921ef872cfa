"""The detections of a sequence: found by a detector or drawn from its ground truth, thinned out, and mirrored."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evaluation.rows import TrackRows
from registry.seqinfo import SequenceInfo
from synthetic.detections import Quality, Truth, covered_share, draw_detections, inside_share
from track.scenes.cache import EntryCache, key_of
from track.scenes.cached import embedded_scene, scene_of
from track.scenes.scene import Embedded, Scene
from track.setup.config import RunConfig
from track.sources import open_source
from track.terminal.progress import Silent

__all__ = ["drawn_scene", "found_scene", "mirrored", "thinned"]

WEIGHTS = "weights/yolo11n_int8_openvino_model"
"""Of the detector for sources with pictures, beside the data folder."""
_PEOPLE = (1, 2, 7, 8)
"""Classes of MOTChallenge that a detector takes for people: also who sits on a vehicle, stands still, or is a picture
or too far away."""
_VISIBILITY = 8
"""Column of a ground truth in which MOTChallenge tells the visible share, from 2016 on."""
_Rows = npt.NDArray[np.int64]


def drawn_scene(truth: TrackRows, info: SequenceInfo, quality: Quality, seed: int) -> Scene:
    """What a simulated detector finds."""
    size = (info.width or 0, info.height or 0)
    rate, length = info.frame_rate or 0.0, info.length or 0
    drawn = draw_detections(
        people(truth, size), quality, frame_rate=rate, frame_size=size, num_frames=length, seed=seed
    )
    return Scene(
        frame_indices=np.arange(length, dtype=np.int64),
        times_s=np.arange(length) / rate,
        counts=np.bincount(drawn.frames, minlength=length),
        motions=np.empty((0, 2, 3)),
        xyxy=drawn.xyxy,
        scores=drawn.scores.astype(np.float32),
        class_ids=np.zeros(len(drawn.frames), np.int64),
        features=np.empty((len(drawn.frames), 0), np.float32),
        facts={"detector": "drawn", "class_names": {"0": "person"}, "rejected": {}, "notes": [], "size": list(size)},
    )


def people(truth: TrackRows, size: tuple[int, int]) -> Truth:
    """Whom a detector could see in a picture of that size, with the share of each that is visible.

    That is what the file tells, unless nearer people or the picture's edge leave less.
    """
    kept = np.isin(truth.class_ids, _PEOPLE) if truth.has_classes else truth.flags != 0
    truth = truth[kept]
    xyxy = np.column_stack((truth.tlwh[:, :2], truth.tlwh[:, :2] + truth.tlwh[:, 2:]))
    visible = (1 - covered_share(truth.frames, xyxy)) * inside_share(xyxy, size)
    if truth.has_classes and truth.raw.shape[1] > _VISIBILITY:
        visible = np.minimum(visible, truth.raw[:, _VISIBILITY])
    return Truth(truth.frames - 1, truth.ids, xyxy, visible)


def found_scene(
    where: str, end_s: float | None, *, data: Path, drawn: Scene | None, encoder: str
) -> tuple[Scene, Embedded | None]:
    """The detections of a source, or those that were drawn, and their embeddings where it has pictures.

    What takes a network is kept in the cache of `track compare`.
    """
    with open_source(where, end_s=end_s) as source:
        has_pictures = source.has_images
    detector, classes = (str(data.parent / WEIGHTS), ("person",)) if has_pictures else ("public", ())
    reid = encoder if has_pictures else "none"
    config = RunConfig(where, detector=detector, classes=classes, end_s=end_s, reid=reid, video=False)
    cache = EntryCache()
    key, scene = scene_of(config, cache, Silent(), where) if drawn is None else (_key(drawn), drawn)
    return scene, embedded_scene(config, key, scene, cache, Silent(), where)[1]


def _key(drawn: Scene) -> str:
    return key_of("drawn", {"xyxy": drawn.xyxy.tobytes().hex()})


def thinned(scene: Scene, embedded: Embedded | None, rate: int) -> tuple[Scene, Embedded | None]:
    """Each `rate`-th frame alone; the camera moves as far as in all frames between."""
    kept = np.arange(0, len(scene), rate)
    motions = scene.motions
    if len(motions):
        motions = np.array([_composed(motions[max(last - rate + 1, 0) : last + 1]) for last in kept])
    return _chosen(scene, embedded, kept, motions, scene.times_s[kept])


def mirrored(scene: Scene, embedded: Embedded | None) -> tuple[Scene, Embedded | None]:
    """The last frame first; the camera moves back."""
    order = np.arange(len(scene))[::-1]
    motions = scene.motions
    if len(motions):
        back = [_inverse(motion) for motion in motions[:0:-1]]
        motions = np.array([np.eye(2, 3), *back])
    return _chosen(scene, embedded, order, motions, scene.times_s[-1] - scene.times_s[order])


def _composed(motions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """One map `(2, 3)` for several, the first one first."""
    total = np.eye(3)
    for motion in motions:
        total = np.vstack((motion, [0, 0, 1])) @ total
    return total[:2]


def _inverse(motion: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.linalg.inv(np.vstack((motion, [0, 0, 1])))[:2])


def _chosen(
    scene: Scene,
    embedded: Embedded | None,
    frames: _Rows,
    motions: npt.NDArray[np.float64],
    times_s: npt.NDArray[np.float64],
) -> tuple[Scene, Embedded | None]:
    """These frames in this order, numbered anew."""
    slices = scene.rows_by_frame()
    rows = np.concatenate([np.empty(0, np.int64), *(np.arange(slices[i].start, slices[i].stop) for i in frames)])
    chosen = dataclasses.replace(
        scene,
        frame_indices=np.arange(len(frames), dtype=np.int64),
        times_s=times_s,
        counts=scene.counts[frames],
        motions=motions,
        xyxy=scene.xyxy[rows],
        scores=scene.scores[rows],
        class_ids=scene.class_ids[rows],
        features=scene.features[rows],
    )
    return chosen, None if embedded is None else dataclasses.replace(embedded, rows=embedded.rows[rows])
