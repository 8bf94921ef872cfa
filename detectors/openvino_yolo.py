"""YOLO exported to OpenVINO, run by OpenVINO itself: no PyTorch, so that a run starts in a second instead of six.

Only what `plain_model` recognises: a detection network of fixed input, one picture at a time, with its boxes before
suppression. Every other export goes through ultralytics (`detectors.yolo`), with the same boxes.
"""

from __future__ import annotations

import importlib
import logging
import os
import queue
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detectors.letterbox import Letterbox, to_detections
from detectors.trust import METADATA, check_metadata
from detectors.types import Detections, DetectorOptions, Image, required
from detectors.weights import CONFIDENCE, IOU, DetectorUnavailableError, check_image_size, class_ids_of
from registry.signal_stack import keeping_signal_stack
from registry.words import encodable

__all__ = ["OpenVinoYolo", "PlainModel", "check_complete", "plain_model"]

logger = logging.getLogger(__name__)

MAX_STREAMS = 2
"""Frames in flight: two streams of half the cores each are a tenth faster than one of all, since nobody waits for the
slowest core of every layer."""


@dataclass(frozen=True)
class PlainModel:
    """An OpenVINO export that `OpenVinoYolo` can run.

    Attributes:
        xml: the network.
        input_size: `(H, W)` px.
        class_names: name of each class id.
    """

    xml: Path
    input_size: tuple[int, int]
    class_names: Mapping[int, str]


def check_complete(path: Path) -> None:
    """An OpenVINO model is two files, `.xml` with the layers and `.bin` with the numbers; other paths pass.

    Raises:
        FileNotFoundError: one of the two is not there.
    """
    networks = [path] if path.suffix == ".xml" else sorted(path.glob("*.xml"))
    pairs = [(file, file.with_suffix(".bin")) for file in networks]
    if not pairs:
        numbers = [file for file in sorted(path.glob("*.bin")) if not file.with_suffix(".param").exists()]  # of NCNN
        pairs = [(file, file.with_suffix(".xml")) for file in numbers]
    for there, other in pairs:
        if not other.exists():
            raise FileNotFoundError(
                f"{other} is missing: an OpenVINO model is a .xml and a .bin, but there is only {there.name}; "
                "copy the whole folder again, or export the model anew"
            )


def plain_model(path: Path, options: DetectorOptions) -> PlainModel | None:
    """The export at `path` (its folder or its `.xml`); `None` where it, or what is asked, is not for this file.

    Raises:
        DetectorUnavailableError: its metadata would take the memory of the machine.
        ValueError: another size of pictures is asked for than the only one that it takes.
    """
    folder = path.parent if path.suffix == ".xml" else path
    found = sorted(folder.glob("*.xml")) if folder.is_dir() else []
    if len(found) != 1 or not (folder / METADATA).is_file() or options.device not in ("auto", "cpu"):
        return None
    check_metadata(folder)
    try:
        facts = _read_yaml(folder / METADATA)
        height, width = (int(side) for side in facts["imgsz"])
        names = {int(key): encodable(str(name)) for key, name in dict(facts["names"]).items()}
        extras = {key: facts.get("args", {}).get(key, False) for key in ("dynamic", "nms")}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None  # written by others; ultralytics may know it, or says what is wrong with it
    is_plain = facts.get("task") == "detect" and facts.get("batch", 1) == 1 and not facts.get("end2end")
    if not is_plain or any(extras.values()):
        return None
    check_image_size(path, options.image_size, height, width)
    return PlainModel(found[0], (height, width), names)


def _read_yaml(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


class OpenVinoYolo:
    """Objects of the classes that a YOLO network was trained for, on the CPU.

    Attributes:
        parallel: calls of `detect` that may go on at once, each in a thread of its own; a frame's boxes do not depend
            on it.

    Args:
        model: from `plain_model`.
        options: classes by name, `confidence` (0.25), `iou` (0.7).

    Raises:
        DetectorUnavailableError: OpenVINO is missing, or cannot read the network.
        ValueError: unknown class.
    """

    name = "yolo"
    needs_images = True

    def __init__(self, model: PlainModel, options: DetectorOptions | None = None) -> None:
        options = options or DetectorOptions()
        self.class_names = model.class_names
        self._class_ids = class_ids_of(options.classes, model.class_names)
        self._confidence = CONFIDENCE if options.confidence is None else options.confidence
        self._iou = IOU if options.iou is None else options.iou
        self._input_size = model.input_size
        self.parallel = min(MAX_STREAMS, _num_cores())
        compiled = _compiled(model, self.parallel)
        self._free: queue.SimpleQueue[tuple[Any, Image]] = queue.SimpleQueue()
        for _ in range(self.parallel):
            self._free.put((compiled.create_infer_request(), np.empty((1, *model.input_size, 3), np.uint8)))

    def detect(self, image: Image | None, frame_index: int) -> Detections:
        """Objects of one frame; frames may come in any order and size, and from several threads.

        Raises:
            ValueError: no image.
        """
        image = required(image, "YOLO")
        height, width = image.shape[:2]
        box = Letterbox(width, height, self._input_size)
        request, canvas = self._free.get()
        try:
            box.put(image, canvas[0])
            request.infer([canvas], share_inputs=True)
            output = request.get_output_tensor(0).data[0]
            return to_detections(output, box, self._confidence, self._iou, self._class_ids)
        finally:
            self._free.put((request, canvas))


def _num_cores() -> int:
    """Cores that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(allowed, int(limit)) if limit.isdigit() and int(limit) else allowed


def _compiled(model: PlainModel, streams: int) -> Any:
    """The network with bytes in: grey levels become numbers from 0 to 1, and BGR becomes RGB, inside of it."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it would send statistics of use
    try:
        openvino = importlib.import_module("openvino")
        prepost = importlib.import_module("openvino.preprocess")
    except ImportError as error:
        raise DetectorUnavailableError(
            f"{model.xml.parent} needs the package openvino. Type: pip install 'track-reid[openvino]'"
        ) from error
    try:
        core = openvino.Core()
        network = core.read_model(str(model.xml))
        expected = [1, 3, *model.input_size], 4 + len(model.class_names)
        found = list(network.input(0).shape), network.output(0).shape[1]
        if found != expected or len(network.output(0).shape) != 3:
            raise RuntimeError(f"input and channels of its output are {found}, but {expected} by its {METADATA}")
        steps = prepost.PrePostProcessor(network)
        pixels = steps.input().tensor()
        pixels.set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
        pixels.set_color_format(prepost.ColorFormat.BGR)
        steps.input().model().set_layout(openvino.Layout("NCHW"))
        steps.input().preprocess().convert_element_type(openvino.Type.f32).convert_color(prepost.ColorFormat.RGB)
        steps.input().preprocess().scale(255.0)
        settings = {
            "PERFORMANCE_HINT": "THROUGHPUT" if streams > 1 else "LATENCY",
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": _num_cores(),
        }
        with keeping_signal_stack():
            return core.compile_model(steps.build(), "CPU", settings)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise DetectorUnavailableError(
            f"cannot load {model.xml} as a YOLO model ({reason}). The file is damaged or of another kind: export it "
            "again, or give another path."
        ) from error
