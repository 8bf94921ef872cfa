"""Any ultralytics model: the only file that knows ultralytics (AGPL-3.0), which is imported when a model is made."""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from detectors.trust import check_refused, check_trusted, load_restricted
from detectors.types import Detections, DetectorOptions, Image, required
from detectors.weights import (
    CONFIDENCE,
    DEFAULT_WEIGHTS,
    IOU,
    DetectorUnavailableError,
    check_image_size,
    check_readable,
    class_ids_of,
    fetch_weights,
    find_weights,
    kept_weights,
)
from registry.devices import resolve_device
from registry.words import encodable

__all__ = ["YoloDetector", "create_yolo"]

IMAGE_SIZE = 640
OPENVINO_SUFFIX = "_openvino_model"  # by which ultralytics knows such a folder
RUNTIMES = {".onnx": ("onnxruntime", "'track-reid[onnx]'"), ".engine": ("tensorrt", "tensorrt")}


def create_yolo(options: DetectorOptions) -> YoloDetector:
    """YOLO11n; for the registry."""
    return YoloDetector(None, options)


class YoloDetector:
    """Objects of the classes that a YOLO network was trained for.

    Args:
        weights: name of a published model (`yolo11s.pt`, fetched if needed), or path of a model: `.pt`, `.onnx`,
            `.engine`, an OpenVINO folder, ... `None` is YOLO11n; nobody typed its name, so a file of that name in the
            current folder is not taken.
        options: classes by name, `confidence` (0.25), `iou` (0.7), `image_size` (640), `device`.

    Raises:
        FileNotFoundError: the weights are not on disk and cannot be fetched.
        DetectorUnavailableError: a package is missing, or the file is no readable detection model.
        ValueError: unknown class or device, or a size that the network does not take.
    """

    name = "yolo"
    needs_images = True
    parallel = 1

    def __init__(self, weights: str | Path | None, options: DetectorOptions | None = None) -> None:
        options = options or DetectorOptions()
        yolo = _import_ultralytics()
        name = str(weights or DEFAULT_WEIGHTS)
        found = kept_weights(name) if weights is None else find_weights(name)
        path = _openvino_folder(found or fetch_weights(name))
        check_readable(path)
        check_trusted(path, options.trust)
        _check_runtime(path)
        self._settings: dict[str, Any] = {
            "conf": CONFIDENCE if options.confidence is None else options.confidence,
            "iou": IOU if options.iou is None else options.iou,
            "imgsz": options.image_size or IMAGE_SIZE,
            "device": _device(options.device),
            "verbose": False,
            "save": False,
        }
        with load_restricted(path, options.trust):
            self._model = _load(yolo, path, self._settings)
        _check_size(self._model, path, options.image_size)
        self.class_names: Mapping[int, str] = {
            int(key): encodable(str(name)) for key, name in self._model.names.items()
        }
        self._settings["classes"] = class_ids_of(options.classes, self.class_names)

    def detect(self, image: Image | None, frame_index: int) -> Detections:
        """Objects of one frame; frames may come in any order and size.

        Raises:
            ValueError: no image.
        """
        image = required(image, "YOLO")
        boxes = self._model.predict(np.ascontiguousarray(image), **self._settings)[0].boxes
        if boxes is None or not len(boxes):
            return Detections.empty()
        boxes = boxes.cpu().numpy()
        return Detections(
            np.asarray(boxes.xyxy, np.float32).reshape(-1, 4),
            np.asarray(boxes.conf, np.float32),
            np.asarray(boxes.cls).astype(np.int64),
        )


def _import_ultralytics() -> Any:
    """The `YOLO` class of ultralytics, kept from phoning home, installing packages and writing the user's settings.

    It writes a file of settings when it is imported, and wants one folder for it: that lives as long as this process.
    """
    os.environ["YOLO_OFFLINE"] = "true"
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["ULTRALYTICS_SAFE_LOAD"] = "true"
    os.environ.setdefault("YOLO_VERBOSE", "false")
    if "YOLO_CONFIG_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="track-ultralytics-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["YOLO_CONFIG_DIR"] = folder
    try:
        yolo = importlib.import_module("ultralytics").YOLO
    except ImportError as error:
        raise DetectorUnavailableError(
            f"YOLO needs the package ultralytics, which cannot be imported ({error}). "
            "Type: pip install ultralytics, or use --detector motion."
        ) from error
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    return yolo


def _openvino_folder(path: Path) -> Path:
    """The folder of an OpenVINO model, for its `.xml` too; any other path as it is."""
    folder = path.parent if path.suffix == ".xml" else path
    is_openvino = folder.is_dir() and any(folder.glob("*.xml"))
    if is_openvino and not folder.resolve().name.endswith(OPENVINO_SUFFIX):
        raise DetectorUnavailableError(
            f"ultralytics takes a folder for an OpenVINO model by its name: rename {folder} to "
            f"{folder.resolve().name}{OPENVINO_SUFFIX}"
        )
    return folder if is_openvino else path


def _check_runtime(path: Path) -> None:
    """An exported model needs its runtime; ultralytics would try to install it."""
    is_openvino = path.suffix == ".xml" or (path.is_dir() and any(path.glob("*.xml")))
    module, package = ("openvino", "'track-reid[openvino]'") if is_openvino else RUNTIMES.get(path.suffix, ("", ""))
    if not module:
        return
    try:
        found = importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        found = False
    if not found:
        raise DetectorUnavailableError(f"{path} needs the package {module}. Type: pip install {package}")


def _load(yolo: Any, path: Path, settings: Mapping[str, Any]) -> Any:
    """The model, proven to work by one black frame, so that a damaged file is reported now and by name."""
    try:
        model = yolo(str(path), task="detect")
        model.predict(np.zeros((64, 64, 3), np.uint8), **settings)
        task = str(model.task)
    except Exception as error:  # loaders of a dozen formats raise whatever their libraries do
        check_refused(path, error)
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        size = "" if path.suffix == ".pt" else f", or takes another --imgsz than {settings['imgsz']}"  # it does not say
        raise DetectorUnavailableError(
            f"cannot load {path} as a YOLO model ({type(error).__name__}: {reason}). "
            f"The file is damaged or of another kind{size}: delete it and fetch it again, or give another path."
        ) from error
    if task not in {"detect", "segment", "pose"}:
        raise DetectorUnavailableError(f"{path} is a model for {task!r}, but a model that finds boxes was expected")
    return model


def _check_size(model: Any, path: Path, asked: int | None) -> None:
    """An export of fixed input brings its own size, with which ultralytics silently replaces the one asked for."""
    network = getattr(getattr(model, "predictor", None), "model", None)
    fixed = getattr(network, "imgsz", None)
    if fixed is not None and not getattr(network, "dynamic", False):
        sides = np.atleast_1d(fixed)
        check_image_size(path, asked, int(sides[0]), int(sides[-1]))


def _device(name: str) -> str:
    """The device for ultralytics; `auto` takes CUDA, else Apple's GPU, else the CPU."""
    return str(resolve_device(name))
