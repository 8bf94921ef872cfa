"""The default detector: YOLO where it can run, else motion, with one warning that says why."""

from __future__ import annotations

import logging

from detectors.types import Detector, DetectorOptions
from detectors.weights import DetectorUnavailableError

__all__ = ["create_auto"]

logger = logging.getLogger(__name__)


def create_auto(options: DetectorOptions) -> Detector:
    """YOLO11n if its package is installed and its weights are on disk or can be fetched, else the motion detector."""
    from detectors.yolo import create_yolo

    try:
        return create_yolo(options)
    except (DetectorUnavailableError, FileNotFoundError) as error:
        reason = str(error)
    logger.warning(
        "Using the motion detector, which needs a static camera, because YOLO is not available: %s "
        "To silence this, use --detector motion.",
        reason,
    )
    from detectors.motion import MotionDetector

    return MotionDetector(options)
