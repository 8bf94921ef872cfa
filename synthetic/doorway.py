"""Forty people at a line, whose crossings are known: `python -m synthetic.doorway --out DIR` renders them.

The line stands upright in the middle of the picture. Most cross it; some turn back on it, some beyond it, and some
stand on it before they go on. Bodies swing as they walk, so that the foot of a box trembles around the line.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from synthetic.appearance import sample_identity
from synthetic.backdrop import plaza_backdrop
from synthetic.camera import GroundCamera, Sensor
from synthetic.figure import Light
from synthetic.plaza import SEQINFO, truth_rows, write_video
from synthetic.scene import Actor, Scene, Truth, Visit, plan, render

__all__ = ["LINE", "Crossing", "Doorway", "doorway", "standing_boxes", "write_doorway"]

Floats = npt.NDArray[np.float64]

FPS = 12
NUM_PEOPLE = 40
LINE = ((0.5, 1.0), (0.5, 0.0))
"""From and to, in shares of the picture: looking along it, the right of the picture is its right."""
ZONES_YAML = f"lines: {{door: {{from: {list(LINE[0])}, to: {list(LINE[1])}}}}}\n"
APART_S = 1.5
"""Time from one person to the next."""
SPEED = 1.3
"""m/s."""
STORIES = ("cross", "cross", "turn back on it", "cross", "turn back beyond it", "cross", "stand on it", "cross")
"""Of one person after the other, again and again."""
BEYOND_M = 1.3
"""How far behind the line those are who turn back beyond it: more than half of a body height."""
ON_IT_M = 0.12
"""How far at most those are from the line, on either side, who turn back or stand on it."""
STANDS_S = 2.5


@dataclass(frozen=True)
class Crossing:
    """One crossing that there is: `in` is from left to right."""

    actor: int
    kind: str


@dataclass(frozen=True)
class Doorway:
    """The scene and the truth about it; crossings of one person in order."""

    scene: Scene
    crossings: tuple[Crossing, ...]


def doorway(seed: int = 5, num_people: int = NUM_PEOPLE) -> Doorway:
    """The scene, 640x360 at 12 fps, and who crosses the line."""
    rng = np.random.default_rng(seed)
    actors, crossings = [], list[Crossing]()
    for number in range(1, num_people + 1):
        story, from_left = STORIES[(number - 1) % len(STORIES)], bool(rng.integers(2))
        visit = _visit(story, 1.0 if from_left else -1.0, APART_S * number, rng)
        actors.append(Actor(number, sample_identity(seed * 1000 + number), (visit,)))
        there, back = ("in", "out") if from_left else ("out", "in")
        kinds = {"turn back on it": (), "turn back beyond it": (there, back)}.get(story, (there,))
        crossings += [Crossing(number, kind) for kind in kinds]
    camera = GroundCamera()
    scene = Scene(
        camera=camera,
        backdrop=plaza_backdrop(camera, seed),
        actors=tuple(actors),
        props=(),
        light=Light(),
        sensor=Sensor(),
        fps=FPS,
        num_frames=round((APART_S * (num_people + 1) + 10) * FPS),
        seed=seed,
    )
    return Doorway(scene, tuple(crossings))


def _visit(story: str, way: float, start_s: float, rng: np.random.Generator) -> Visit:
    """The walk of one person, from where nobody sees them; `way` is 1 to the right and -1 to the left."""
    depth = float(rng.uniform(6.5, 10.5))
    edge = 0.53 * depth + 0.6
    on_it = float(rng.uniform(-ON_IT_M, ON_IT_M))
    stops: dict[str, list[tuple[float, float]]] = {
        "cross": [(-edge, 0.0), (edge, 0.0)],
        "turn back on it": [(-edge, 0.0), (on_it, 0.0), (-edge, 0.0)],
        "turn back beyond it": [(-edge, 0.0), (BEYOND_M, 0.0), (-edge, 0.0)],
        "stand on it": [(-edge, 0.0), (on_it, 0.0), (on_it, STANDS_S), (edge, 0.0)],
    }
    time_s, points = start_s, list[tuple[float, float, float]]()
    for number, (x, waits) in enumerate(stops[story]):
        if number:
            time_s += waits or abs(x - points[-1][1] * way) / SPEED
        points.append((time_s, way * x, depth))
    return Visit(tuple(points))


def standing_boxes(scene: Scene, jitter: float = 0.03, seed: int = 1) -> Iterator[tuple[npt.NDArray[np.int64], Floats]]:
    """For each frame ids `(N,)` and boxes `(N, 4)` px of everybody in sight, without drawing anybody.

    Args:
        scene: the people and the camera.
        jitter: deviation of each edge, in body heights.
        seed: of the jitter.
    """
    rng, camera = np.random.default_rng(seed), scene.camera
    for steps in plan(scene):
        ids, boxes = [], []
        for actor, step in steps:
            x, y = camera.project(step.x, 0.0, step.z)
            height = actor.identity.height_m * camera.pixels_per_m(step.z)
            swing = 0.04 * height * np.sin(2 * np.pi * step.pose.phase)
            box = np.array([x - 0.17 * height, y - height, x + 0.17 * height + swing, y])
            box += rng.normal(0, jitter * height, 4)
            if 0 < x < camera.width:
                ids.append(actor.id)
                boxes.append(box)
        yield np.array(ids, np.int64), np.array(boxes, np.float64).reshape(-1, 4)


def write_doorway(out: Path, of: Doorway) -> None:
    """Write `doorway.mp4`, `doorway/gt/gt.txt`, `doorway/seqinfo.ini`, `zones.yaml` and `crossings.csv` below `out`."""
    folder, scene, truths = out / "doorway", of.scene, list[Truth]()
    (folder / "gt").mkdir(parents=True, exist_ok=True)

    def frames() -> Iterable[npt.NDArray[np.uint8]]:
        for image, truth in render(scene):
            truths.append(truth)
            yield image

    write_video(out / "doorway.mp4", frames(), scene.fps)
    (folder / "gt" / "gt.txt").write_text(truth_rows(truths), encoding="utf-8")
    info = SEQINFO.format(fps=scene.fps, frames=scene.num_frames, width=scene.camera.width, height=scene.camera.height)
    (folder / "seqinfo.ini").write_text(info.replace("plaza", "doorway"), encoding="utf-8")
    (out / "zones.yaml").write_text(ZONES_YAML, encoding="utf-8")
    rows = "".join(f"{crossing.actor},{crossing.kind}\n" for crossing in of.crossings)
    (out / "crossings.csv").write_text("id,event\n" + rows, encoding="utf-8")


def main() -> None:
    """Render the people at the line."""
    parser = argparse.ArgumentParser(prog="python -m synthetic.doorway", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int, default=5, help="people, walks and noise (default: 5)")
    parser.add_argument("--frames", type=int, help="render only so many (default: all)")
    arguments = parser.parse_args()
    of = doorway(arguments.seed)
    if arguments.frames is not None:
        of = replace(of, scene=replace(of.scene, num_frames=arguments.frames))
    write_doorway(arguments.out, of)


if __name__ == "__main__":
    main()
