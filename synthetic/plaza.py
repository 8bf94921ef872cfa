"""The demo clip: nine people cross a city plaza. `python -m synthetic.plaza` renders it with its ground truth."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from synthetic.backdrop import lamp_post, plaza_backdrop
from synthetic.camera import GroundCamera, Sensor
from synthetic.cast import PLAZA_CAST
from synthetic.figure import Light
from synthetic.scene import Actor, Scene, Truth, Visit, cast_shadow, darkened, render

SEED = 7
FPS = 25
NUM_FRAMES = 300
LAMP_POST = (3.4, 10.6)
"""Where the lamp post stands: x and z, m."""
_CRF = 16

SEQINFO = """[Sequence]
name=plaza
imDir=img1
frameRate={fps}
seqLength={frames}
imWidth={width}
imHeight={height}
imExt=.jpg
"""


def plaza_actors() -> tuple[Actor, ...]:
    """Return the cast and its walks; id 1 leaves the frame and comes back after seconds, id 2 at once."""
    routes: tuple[tuple[Visit, ...], ...] = (
        (
            Visit(((-0.3, 2.65, 8.55), (2.1, 5.26, 9.2))),
            Visit(((10.5, 4.32, 7.4), (17.0, -5.54, 9.7))),
        ),
        (
            Visit(((-3.45, 5.38, 9.4), (3.97, -3.74, 6.25))),
            Visit(((4.39, -3.95, 6.7), (11.4, 5.66, 9.3))),
        ),
        (Visit(((4.5, 6.12, 10.8), (11.67, -4.1, 6.95))),),
        (Visit(((5.98, -5.6, 9.7), (13.3, 5.7, 9.9))),),
        (Visit(((5.3, -5.3, 9.5), (12.3, 5.0, 9.2))),),
        (Visit(((1.45, -4.87, 8.4), (8.0, 5.09, 8.85))),),
        (Visit(((0.8, -3.73, 6.25), (5.0, 3.87, 6.5))),),
        (Visit(((2.35, -4.7, 8.1), (8.5, 4.5, 8.3)), ("phone", "swing")),),
        (Visit(((7.2, -5.46, 9.55), (14.85, 5.6, 9.9))),),
    )
    return tuple(
        Actor(number, who, visits) for number, (who, visits) in enumerate(zip(PLAZA_CAST, routes, strict=True), 1)
    )


def plaza_scene(seed: int = SEED, num_frames: int = NUM_FRAMES) -> Scene:
    """Return the demo scene, 640x360 at 25 fps; `seed` draws the backdrop and the noise."""
    camera = GroundCamera()
    x, z = LAMP_POST
    lamp = lamp_post(camera, x, z)
    scene = Scene(
        camera=camera,
        backdrop=plaza_backdrop(camera, seed),
        actors=plaza_actors(),
        props=((z, lamp),),
        light=Light(),
        sensor=Sensor(),
        fps=FPS,
        num_frames=num_frames,
        seed=seed,
    )
    shadow = np.zeros(scene.backdrop.shape[:2], np.float32)
    cast_shadow(shadow, lamp, LAMP_POST, scene)
    return replace(scene, backdrop=darkened(scene.backdrop, shadow, scene.light))


def truth_rows(truths: Iterable[Truth]) -> str:
    """Return MOT16 ground-truth rows: frame, id, x, y, w, h, 1, class 1 (pedestrian), visibility; frames from 1."""
    lines = []
    for frame, truth in enumerate(truths, start=1):
        for actor_id, (x1, y1, x2, y2), seen in zip(truth.ids, truth.xyxy, truth.visibility, strict=True):
            box = f"{x1:.0f},{y1:.0f},{x2 - x1:.0f},{y2 - y1:.0f}"
            lines.append(f"{frame},{actor_id},{box},1,1,{min(float(seen), 1.0):.3f}\n")
    return "".join(lines)


def write_video(path: Path, frames: Iterable[npt.NDArray[np.uint8]], fps: int) -> None:
    """Write H.264 (yuv420p, index in front) from BGR frames of one size."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = None
        for image in frames:
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(fps))
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.options = {"crf": str(_CRF), "preset": "slow"}
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        if stream is not None:
            container.mux(stream.encode(None))


def write_plaza(out: Path, scene: Scene) -> list[Path]:
    """Write `plaza.mp4`, `plaza/gt/gt.txt` and `plaza/seqinfo.ini` below `out`; return their paths."""
    folder = out / "plaza"
    (folder / "gt").mkdir(parents=True, exist_ok=True)
    truths: list[Truth] = []

    def frames() -> Iterable[npt.NDArray[np.uint8]]:
        for image, truth in render(scene):
            truths.append(truth)
            yield image

    write_video(out / "plaza.mp4", frames(), scene.fps)
    (folder / "gt" / "gt.txt").write_text(truth_rows(truths), encoding="utf-8")
    info = SEQINFO.format(fps=scene.fps, frames=scene.num_frames, width=scene.camera.width, height=scene.camera.height)
    (folder / "seqinfo.ini").write_text(info, encoding="utf-8")
    return [out / "plaza.mp4", folder / "gt" / "gt.txt", folder / "seqinfo.ini"]


def main() -> None:
    """Render the demo clip."""
    parser = argparse.ArgumentParser(prog="python -m synthetic.plaza", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("videos"), help="folder to write to (default: videos)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"backdrop and noise (default: {SEED})")
    arguments = parser.parse_args()
    for path in write_plaza(arguments.out, plaza_scene(arguments.seed)):
        print(f"{path} ({path.stat().st_size / 1e6:.2f} MB)")


if __name__ == "__main__":
    main()
