"""Draws the pictures of the page *Read DeepSORT*: one frame of `videos/plaza.mp4` through the reference tracker.

    python docs/one_frame.py

The detections are those of `--detector motion`, the embeddings those of `dogenet50`; nothing is invented.
"""

from __future__ import annotations

import copy
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse, Rectangle

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # runs from a checkout that is not installed

from track import create_detector, create_encoder, load_preset, open_source
from tracker.reference import H, ReferenceDeepSort

FRAME = 175
"""From 0. Somebody who was hidden is found again here, and appearance decides against the nearest box."""
INTO = ROOT / "docs" / "images"
LETTER, LINE = 4.0, 11
"""px of the picture that a letter and a line take."""
COLOURS = plt.get_cmap("tab10").colors  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Moment:
    """A frame before the tracker has seen it: the picture, its detections, and the tracks as predicted."""

    image: Any
    xyxy: Any
    features: Any
    scores: Any
    tracker: ReferenceDeepSort
    predicted: Any


def moment(number: int) -> Moment:
    """Track up to a frame, and predict to it."""
    detector, encoder = create_detector("motion"), create_encoder("dogenet50")
    config = load_preset("deepsort").config
    tracker = ReferenceDeepSort(config)
    with open_source(str(ROOT / "videos" / "plaza.mp4")) as source:
        for frame in source:
            found = detector.detect(frame.image, frame.index)
            features = encoder.encode(frame.image, found.xyxy)
            if frame.index == number:
                ahead = copy.deepcopy(tracker)
                for track in ahead._tracks:
                    track.predict(looked=True)
                return Moment(frame.image[:, :, ::-1].copy(), found.xyxy, features, found.scores, tracker, ahead)
            tracker.update(found.xyxy, found.scores, found.class_ids, features)
    raise ValueError(f"plaza.mp4 has no frame {number}")


def canvas(now: Moment, title: str) -> tuple[Any, Any]:
    """The picture, pale, to draw on."""
    height, width = now.image.shape[:2]
    figure, axes = plt.subplots(figsize=(9.6, 9.6 * height / width + 0.35), dpi=100)
    axes.imshow(255 - (255 - now.image) // 2)
    axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    axes.set_title(title, loc="left", fontsize=11)
    figure.tight_layout(pad=0.4)
    return figure, axes


def draw_boxes(axes: Any, rows: list[tuple[Any, Any, str]], *, dashed: bool = False, below: bool = False) -> None:
    """Boxes with their texts, each of which stands clear of the one before it."""
    taken: list[tuple[float, float]] = []
    for xyxy, edge, text in sorted(rows, key=lambda row: float(row[0][0])):
        x1, y1, x2, y2 = xyxy
        axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, ec=edge, lw=2, ls="--" if dashed else "-"))
        y = y2 + 2 if below else y1 - 3
        while any(x1 < end and abs(y - other) < LINE for end, other in taken):
            y += LINE if below else -LINE
        taken.append((x1 + LETTER * len(text), y))
        style = {"color": "white", "fontsize": 8, "va": "top" if below else "bottom"}
        axes.text(x1, y, text, bbox={"fc": edge, "ec": edge, "pad": 1}, **style)


def name(track: Any) -> str:
    return f"track {track.id}" if track.confirmed else "tentative"


def colour(track: Any) -> Any:
    return COLOURS[track.birth % 10]


def draw_predicted(now: Moment) -> Any:
    figure, axes = canvas(now, "1. Predicted boxes (dashed) and this frame's detections (black)")
    draw_boxes(axes, [(xyxy, "black", f"detection {number}") for number, xyxy in enumerate(now.xyxy)], below=True)
    rows = []
    for track in now.predicted._tracks:
        seen = "" if track.misses == 1 else f", lost for {track.misses - 1}"
        rows.append((track.expected_xyxy(), colour(track), f"{name(track)}{seen}"))
    draw_boxes(axes, rows, dashed=True)
    return figure


def draw_gates(now: Moment) -> Any:
    figure, axes = canvas(now, "2. Motion gates: where a centre may be (chi-square, 0.95), with all centres found")
    for track in now.predicted._tracks:
        state = track.filter
        spread = (H @ state.P @ H.T + track._measurement_noise())[:2, :2]
        values, vectors = np.linalg.eigh(spread)
        sides = 2 * np.sqrt(track.config.motion_gate * values)
        angle = np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0]))
        axes.add_patch(Ellipse(tuple(state.x[:2]), *sides, angle=angle, fill=False, ec=colour(track), lw=2))
        axes.text(
            *(state.x[:2] - [0, sides[1] / 2]), name(track), color=colour(track), fontsize=9, ha="center", weight="bold"
        )
    centres = (now.xyxy[:, :2] + now.xyxy[:, 2:]) / 2
    axes.plot(centres[:, 0], centres[:, 1], "k+", ms=10, mew=2)
    for number, centre in enumerate(centres):
        axes.text(*(centre + [5, -5]), str(number), fontsize=9)
    return figure


def draw_costs(now: Moment) -> Any:
    tracks = [track for track in now.predicted._tracks if track.confirmed]
    detections = _detections(now)
    motion = np.array([track.squared_mahalanobis(detections) for track in tracks])
    cosine = np.array([[track.cosine_distance(d) for d in detections] for track in tracks])
    config = tracks[0].config
    in_gate, alike = motion <= config.motion_gate, cosine <= config.max_cosine_distance
    figure, axes = plt.subplots(figsize=(9.6, 0.55 * len(tracks) + 1.4), dpi=100)
    shown = np.where(in_gate, np.where(alike, 2.0, 1.0), 0.0)
    axes.imshow(shown, cmap=mpl.colors.ListedColormap(["#dddddd", "#f6d9a8", "#b7e3b0"]), vmin=0, vmax=2, aspect="auto")
    for row, column in np.ndindex(cosine.shape):
        text = f"{cosine[row, column]:.2f}" if in_gate[row, column] else "motion gate"
        axes.text(column, row, text, ha="center", va="center", fontsize=10 if in_gate[row, column] else 7)
    axes.set_xticks(range(len(detections)), [f"detection {number}" for number in range(len(detections))])
    axes.set_yticks(range(len(tracks)), [name(track) for track in tracks])
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    title = f"3. Cosine distance; green: within {config.max_cosine_distance}, amber: too different, grey: too far away"
    axes.set_title(title, loc="left", fontsize=11)
    figure.tight_layout(pad=0.4)
    return figure


def draw_matches(now: Moment) -> Any:
    figure, axes = canvas(now, "4. Matches: each track takes its detection, and the filter corrects the box")
    after = copy.deepcopy(now.tracker)
    after.update(now.xyxy, now.scores, None, now.features)
    missed = {track.birth: track.misses for track in now.tracker._tracks}
    rows = []
    for track in after._tracks:
        text = f"{name(track)} = detection {track.detection_index}"
        if track.detection_index < 0:
            text = f"{name(track)}: missed"
        elif missed.get(track.birth):
            text += ", found again"
        rows.append((track.told_xyxy(), colour(track), text))
    draw_boxes(axes, rows)
    return figure


def _detections(now: Moment) -> Any:
    from tracker.reference import _usable_detections

    return _usable_detections(now.xyxy, now.scores, None, now.features, None)


def main() -> None:
    """Write the four pictures."""
    now = moment(int(sys.argv[1]) if len(sys.argv) > 1 else FRAME)
    INTO.mkdir(exist_ok=True)
    for step, draw in enumerate((draw_predicted, draw_gates, draw_costs, draw_matches), start=1):
        draw(now).savefig(INTO / f"one-frame-{step}.jpg", pil_kwargs={"quality": 88, "optimize": True})


if __name__ == "__main__":
    main()
