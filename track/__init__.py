"""For programs of your own: what a program of your own needs, and nothing that it does not use.

    from track import DeepSort, create_detector, create_encoder, load_preset, open_source

    detector, encoder = create_detector("yolo"), create_encoder("small-cnn")
    tracker = DeepSort(load_preset("strong").config)
    with open_source("walk.mp4") as frames:
        for frame in frames:
            found = detector.detect(frame.image, frame.index)
            embeddings = encoder.encode(frame.image, found.xyxy)
            tracks = tracker.update(found.xyxy, found.scores, found.class_ids, embeddings, time_s=frame.time_s)

`stream` is that loop with all that `track run` does. Each name is imported when it is first asked for: `DeepSort` loads
neither PyTorch nor OpenCV.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detectors import Detections, Detector, DetectorOptions, create_detector
    from evaluation import EvalOptions, evaluate, find_pairs
    from reid import Encoder, create_encoder
    from track.rows.types import FrameTracks, RowState
    from track.run.streaming import stream
    from track.setup.camera_motion import CameraMotion
    from track.sources import Frame, open_source
    from tracker import AppearanceOnDemand, DeepSort, TrackerConfig, Tracks
    from tracker.presets import TrackerPreset, load_preset

__all__ = [
    "AppearanceOnDemand",
    "CameraMotion",
    "DeepSort",
    "Detections",
    "Detector",
    "DetectorOptions",
    "Encoder",
    "EvalOptions",
    "Frame",
    "FrameTracks",
    "RowState",
    "TrackerConfig",
    "TrackerPreset",
    "Tracks",
    "create_detector",
    "create_encoder",
    "evaluate",
    "find_pairs",
    "load_preset",
    "open_source",
    "stream",
]

_HOMES = {
    "detectors": ("Detections", "Detector", "DetectorOptions", "create_detector"),
    "evaluation": ("EvalOptions", "evaluate", "find_pairs"),
    "reid": ("Encoder", "create_encoder"),
    "track.rows.types": ("FrameTracks", "RowState"),
    "track.run.streaming": ("stream",),
    "track.setup.camera_motion": ("CameraMotion",),
    "track.sources": ("Frame", "open_source"),
    "tracker": ("AppearanceOnDemand", "DeepSort", "TrackerConfig", "Tracks"),
    "tracker.presets": ("TrackerPreset", "load_preset"),
}
"""Module -> the names that come from it; the same as under `TYPE_CHECKING`, which a test holds against it."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_LIBRARIES = ("detectors", "evaluation", "registry", "reid", "synthetic", "tracker")
"""The packages beside this one. Their names are such that a user's own file may have one of them."""


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for."""
    if name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value
    from registry import close_names

    close = " or ".join(close_names(name, __all__))
    # With a name of its own Python adds no second guess to ours.
    raise AttributeError(f"track has no {name!r}{f'. Did you mean {close}?' if close else ''}", name=name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _hidden_library() -> str:
    """A sentence on the first file of the user's that Python takes for one of our libraries; empty without one."""
    beside = Path(__file__).resolve().parent.parent
    for name in _LIBRARIES:
        if name in sys.modules:
            origin = getattr(sys.modules[name], "__file__", None)
        else:
            spec = find_spec(name)
            origin = None if spec is None else spec.origin
        if origin is not None and Path(origin).resolve().parent != beside / name:
            path = Path(origin)
            found = f"the folder {path.parent}" if path.name == "__init__.py" else str(path)
            return f"{found} hides the library {name!r} of track, which has the same name: rename it, or move it away"
    return ""


def _is_command() -> bool:
    """Whether Python was started as `track` or `python -m track`, for which an error is one line and exit code 2."""
    started, words = sys.argv[0] if sys.argv else "", sys.orig_argv
    return Path(started).stem == "track" or (started == "-m" and words[words.index("-m") + 1] == "track")


if _sentence := _hidden_library():
    if _is_command():
        print(f"track: error: {_sentence}", file=sys.stderr)
        sys.exit(2)
    raise ImportError(_sentence)
