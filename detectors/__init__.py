"""Frame -> boxes: YOLO, motion, or a file of public detections, behind one function, `create_detector`."""

from __future__ import annotations

import os
from pathlib import Path

from detectors.types import Detections, Detector, DetectorOptions, Image
from registry import Registry, unknown_name
from registry.own_code import OwnCode, parse_own
from registry.plugins import DETECTORS_GROUP, Plugin, plugins
from registry.user_folders import expanded

__all__ = [
    "DETECTORS",
    "Detections",
    "Detector",
    "DetectorOptions",
    "Image",
    "create_detector",
    "detector_plugins",
    "is_detector_file",
    "needs_torch",
    "own_detector",
    "reads_detections",
]

DETECTORS = Registry("detector")
DETECTORS.add("auto", "detectors.auto:create_auto", "YOLO where it can run, else motion with a warning (default)")
DETECTORS.add("yolo", "detectors.yolo:create_yolo", "YOLO11n; other ultralytics models by name or path")
DETECTORS.add("motion", "detectors.motion:create_motion", "whatever moves in front of a static camera; no weights")
DETECTORS.add("public", "detectors.public:create_public", "boxes of a MOTChallenge sequence's det/ folder; no images")

MODEL_SUFFIXES = frozenset({".pt", ".onnx", ".engine", ".torchscript", ".xml", ".mlpackage", ".mnn", ".tflite"})
FILE_SUFFIXES = frozenset({".npy", ".txt"})
HINT = (
    "A path works too, or a file name: an ultralytics model (yolo11s.pt), weights (.pt, .onnx, .engine, an OpenVINO "
    "folder) or public detections (.txt, .npy); FILE.py:NAME stands for your own."
)


def create_detector(name_or_path: str, options: DetectorOptions | None = None) -> Detector:
    """The detector of that name or for that file.

    Args:
        name_or_path: a name in `DETECTORS`; the name or path of an ultralytics model; a file of detections (`det.txt`,
            `.npy`), a sequence folder, or a folder that holds `<sequence name>.npy`; or a detector of your own:
            `file.py:NAME`, `module.path:NAME`, or the name of a plug-in (`detectors.own`).
        options: what the user asked for.

    Raises:
        FileNotFoundError: the path does not exist, or the weights cannot be fetched.
        ValueError: unknown name, class or device; unreadable file; missing package; a size that the network does not
            take.
    """
    options = options or DetectorOptions()
    if name_or_path in DETECTORS:
        detector: Detector = DETECTORS.load(name_or_path)(options)
        return detector
    if (own := own_detector(name_or_path)) is not None:
        from detectors.own import create_own

        return create_own(own, options)
    path = expanded(name_or_path)
    if _is_model(path):
        return _create_yolo(path, name_or_path, options)
    if reads_detections(name_or_path):
        from detectors.openvino_yolo import check_complete
        from detectors.public import PublicDetector, find_file

        try:
            return PublicDetector(find_file(path, options.sequence), options)
        except FileNotFoundError:
            check_complete(path)  # half of a model is not meant as a folder of detections
            raise
    if path.is_file():
        raise ValueError(_other_ending(name_or_path, path))
    if os.sep in name_or_path:
        raise FileNotFoundError(f"no such detector file: {name_or_path}. {HINT}")
    raise unknown_name("detector", name_or_path, [*DETECTORS.names(), *detector_plugins()], hint=HINT)


def own_detector(name: str) -> OwnCode | None:
    """The user's own detector of that name, typed or a plug-in; `None` for names of this project and for files."""
    if name in DETECTORS:
        return None
    if (typed := parse_own(name)) is not None:
        return typed
    plugin = None if is_detector_file(name) else detector_plugins().get(name)
    return None if plugin is None else plugin.code


def detector_plugins() -> dict[str, Plugin]:
    """Detectors that other distributions bring, by name."""
    return plugins(DETECTORS_GROUP, DETECTORS.names())


def is_detector_file(name_or_path: str) -> bool:
    """Whether that path ends as weights or detections do, or is a folder of such."""
    path = expanded(name_or_path)
    return path.is_dir() or _is_model(path) or path.suffix.lower() in FILE_SUFFIXES


def _other_ending(name: str, path: Path) -> str:
    """What is told of a file that is there, but of no known kind."""
    network = path.with_suffix(".xml")
    if path.suffix == ".bin" and network.is_file():
        return f"{name} is one half of an OpenVINO model; type --detector {network}"
    weights, boxes = (", ".join(sorted(endings)) for endings in (MODEL_SUFFIXES, FILE_SUFFIXES))
    ending = f"ends in {path.suffix}" if path.suffix else "has no ending"
    return f"{name} {ending}, which is no file for --detector: expected weights ({weights}) or detections ({boxes})"


def reads_detections(name_or_path: str) -> bool:
    """Whether that detector takes boxes that were found before from a file: `public`, or a path to one."""
    if name_or_path in DETECTORS:
        return name_or_path == "public"
    if own_detector(name_or_path) is not None:
        return False
    path = expanded(name_or_path)
    return not _is_model(path) and (path.is_dir() or path.suffix.lower() in FILE_SUFFIXES)


def needs_torch(name_or_path: str, options: DetectorOptions | None = None) -> bool:
    """Whether making that detector imports PyTorch, as far as can be told without making it."""
    if name_or_path in DETECTORS:
        return name_or_path in ("auto", "yolo")
    if own_detector(name_or_path) is not None:
        return True
    path = expanded(name_or_path)
    if not _is_model(path):
        return False
    from detectors.openvino_yolo import plain_model

    return plain_model(_found(path, name_or_path), options or DetectorOptions()) is None


def _found(path: Path, name: str) -> Path:
    """`path`, or what has that plain name in the folder of weights."""
    from detectors.weights import find_weights

    return find_weights(name) or path


def _is_model(path: Path) -> bool:
    if path.suffix.lower() in MODEL_SUFFIXES or path.name.endswith("_model"):
        return True
    return path.is_dir() and any(path.glob("*.xml"))


def _create_yolo(path: Path, name: str, options: DetectorOptions) -> Detector:
    """YOLO from a path that must exist, or from a plain name, which may be fetched."""
    if path.name != name and not path.exists():
        raise FileNotFoundError(f"no such weights: {name}. {HINT}")
    from detectors.openvino_yolo import OpenVinoYolo, check_complete, plain_model
    from detectors.weights import check_readable

    found = _found(path, name)
    if found.exists():
        check_complete(found)
        check_readable(found.parent if found.suffix == ".xml" else found)
    plain = plain_model(found, options)
    if plain is not None:
        return OpenVinoYolo(plain, options)
    from detectors.yolo import YoloDetector

    return YoloDetector(path, options)
