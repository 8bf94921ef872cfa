"""`track.stream`: the tracks of a video, frame by frame, in a program of one's own."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from detectors.trust import TRUST
from detectors.weights import DetectorUnavailableError
from registry import close_names
from registry.defaults import DEFAULT_ENCODER
from track.rows.types import FrameTracks
from track.run.counts import Counts
from track.run.passes import decode_ahead
from track.run.pipeline import track_rows
from track.setup.checks import check_possible
from track.setup.config import RunConfig
from track.setup.loading import load_models
from track.setup.plan import plan_of
from track.sources import Frame, open_source
from tracker.presets import DEFAULT_PRESET, TrackerPreset, load_preset

__all__ = ["stream"]

KEYWORDS = (
    *("detector", "classes", "conf", "iou", "imgsz", "reid", "reid_weights", "max_cosine", "reid_runtime"),
    *("reid_when", "tracker", "start", "end", "every", "online", "device", "seed", "trust"),
)
OF_FILES = ("out", "overwrite", "style", "no_video", "crops", "smooth", "offline", "keep_embeddings")
"""Options of `track run` that write files, or change tracks when all frames are known."""


def stream(
    source: str | Path,
    *,
    detector: str | Path = "auto",
    classes: Sequence[str] = (),
    conf: float | None = None,
    iou: float | None = None,
    imgsz: int | None = None,
    reid: str | None = None,
    reid_weights: str | Path | None = None,
    max_cosine: float | None = None,
    reid_runtime: str = "auto",
    reid_when: str | None = None,
    tracker: str | Path | TrackerPreset = DEFAULT_PRESET,
    start: float = 0.0,
    end: float | None = None,
    every: int | None = None,
    online: bool = False,
    device: str = "auto",
    seed: int = 0,
    trust: bool = False,
    **unknown: NoReturn,
) -> Generator[tuple[Frame, FrameTracks], None, None]:
    """Track a source: each frame, with its picture, and the tracks in it, in order.

        for frame, tracks in track.stream("walk.mp4", tracker="strong"):
            print(frame.time_s, tracks.ids, tracks.xyxy)

    The rows are those of `track run` with the same options. A track is confirmed some frames after it was first seen;
    a frame waits for that, so that the boxes from before are in it too (`RowState.TENTATIVE`). With `online=True` no
    frame waits, and those boxes are left out: for a live camera.

    The source is opened and the networks are loaded when the first frame is asked for. Closing the generator, or
    leaving it to the garbage collector, frees its threads and files.

    Args:
        source: a video file, an image or sequence folder, a camera index (`"0"`) or an address.
        detector: a name, or a path to weights or detections; see `create_detector`.
        classes: names of the classes to keep; all of them when empty.
        conf: lowest score of a detection to keep, 0 to 1.
        iou: YOLO: overlap above which the weaker of two boxes goes, 0 to 1.
        imgsz: YOLO: longer side of the network's input, px.
        reid: an encoder, see `create_encoder`; `None` for the default one, or `"none"` where there are no pictures.
        reid_weights: its checkpoint, what `track export` wrote, `"imagenet"` or `"random"`.
        max_cosine: appearance gate, 0 to 2; `None` for the checkpoint's, or else the preset's.
        reid_runtime: one of `reid.runtimes.RUNTIMES`.
        reid_when: `"always"` or `"ambiguous"`; `None` for the preset's.
        tracker: a preset, by name or as `load_preset` gave it, or your own YAML file.
        start: first second to track.
        end: second to stop before; `None` for the end.
        every: detect at each n-th frame, predict in between; `None` for the preset's.
        online: yield each frame at once, with what is known at that frame.
        device: `"auto"`, `"cpu"`, `"cuda:0"`, `"mps"`.
        seed: of the encoder with random weights.
        trust: open weights that may run code of whoever made them.
        unknown: any other keyword is an error.

    Yields:
        The frame, and its tracks, which `ids` names from 1.

    Raises:
        TypeError: an unknown keyword.
        ValueError, OSError: something that was asked for cannot be done; or the source or a model failed on the way,
            after all frames before that.
    """
    for name in unknown:
        raise TypeError(_unknown(name))
    preset = tracker if isinstance(tracker, TrackerPreset) else None
    with _keywords_for_options():
        config = RunConfig(
            source=str(source),
            detector=str(detector),
            classes=(classes,) if isinstance(classes, str) else tuple(classes),
            conf=conf,
            iou=iou,
            imgsz=imgsz,
            reid=DEFAULT_ENCODER if reid is None else reid,
            reid_weights=None if reid_weights is None else Path(reid_weights),
            max_cosine=max_cosine,
            reid_runtime=reid_runtime,
            reid_when=reid_when,
            tracker=load_preset(str(tracker)) if preset is None else preset,
            device=device,
            start_s=start,
            end_s=end,
            every=every,
            online=online,
            seed=seed,
            trust=trust,
        )
    return _stream(config, any_reid=reid is None)


def _stream(config: RunConfig, *, any_reid: bool) -> Generator[tuple[Frame, FrameTracks], None, None]:
    with open_source(config.source, start_s=config.start_s, end_s=config.end_s) as source:
        if any_reid and not source.has_images:
            config = dataclasses.replace(config, reid="none")
        with _keywords_for_options():
            check_possible(config, source)
            models = load_models(config, source)
        plan, counts = dataclasses.replace(plan_of(config, source, models), draws=True), Counts()
        with (
            decode_ahead(source, counts.clock) as frames,
            contextlib.closing(track_rows(frames, plan, counts)) as rows,
        ):
            yield from rows
        if counts.error is not None:
            raise counts.error


@contextlib.contextmanager
def _keywords_for_options() -> Iterator[None]:
    """Errors name the keyword `reid_weights` where they speak of the option `--reid-weights`."""
    try:
        yield
    except (ValueError, FileNotFoundError) as error:
        text = str(error).replace(f"add {TRUST}", "add trust=True")
        text = re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), text)
        if type(error) not in (ValueError, FileNotFoundError, DetectorUnavailableError) or text == str(error):
            raise
        raise type(error)(text) from error


def _unknown(name: str) -> str:
    if name in OF_FILES:
        return f"stream takes no {name!r}, which is for finished tracks or for files: use track run"
    close = " or ".join(close_names(name, KEYWORDS))
    return f"stream takes no {name!r}. " + (f"Did you mean {close}?" if close else f"It takes: {', '.join(KEYWORDS)}.")
