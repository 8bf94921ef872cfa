"""Detectors of the user's own: `my_det.py:MyDetector`, with defaults for what it does not say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import DetectorOptions, create_detector, needs_torch, own_detector, reads_detections

PICTURE = np.zeros((40, 60, 3), np.uint8)
ROWS = "[[1, 2, 11, 22, 0.9, 0], [5, 6, 15, 26, 0.4, 2]]"
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a detector whose `detect` returns what `expression` gives."""

    def to_file(expression: str = ROWS, signature: str = "self") -> str:
        (tmp_path / "my_det.py").write_text(
            "import numpy as np\nimport torch\nfrom detectors import Detections\n\n\nclass MyDetector:\n"
            f"    class_names = {{0: 'person', 2: 'car'}}\n\n"
            f"    def __init__({signature}):\n        self.given = locals()\n\n"
            f"    def detect(self, image, frame_index):\n        return {expression}\n"
        )
        return f"{tmp_path / 'my_det.py'}:MyDetector"

    return to_file


@pytest.mark.parametrize(
    ("expression", "xyxy", "scores", "class_ids"),
    [
        pytest.param(ROWS, [[1, 2, 11, 22], [5, 6, 15, 26]], [0.9, 0.4], [0, 2], id="list of rows"),
        pytest.param(f"np.array({ROWS})", [[1, 2, 11, 22], [5, 6, 15, 26]], [0.9, 0.4], [0, 2], id="array"),
        pytest.param(f"torch.tensor({ROWS})", [[1, 2, 11, 22], [5, 6, 15, 26]], [0.9, 0.4], [0, 2], id="tensor"),
        pytest.param("np.array([[1, 2, 11, 22]])", [[1, 2, 11, 22]], [1], [0], id="boxes alone"),
        pytest.param("[[1, 2, 11, 22, .5]]", [[1, 2, 11, 22]], [0.5], [0], id="boxes and scores"),
        pytest.param("[]", np.empty((0, 4)), [], [], id="nothing"),
        pytest.param("Detections.empty()", np.empty((0, 4)), [], [], id="Detections"),
        pytest.param("[[frame_index, 0, 9, image.shape[0]]]", [[3, 0, 9, 40]], [1], [0], id="of picture and frame"),
    ],
)
def test_what_it_returns_becomes_detections(
    expression: str, xyxy: Any, scores: Any, class_ids: Any, write: Write
) -> None:
    found = create_detector(write(expression)).detect(PICTURE, 3)
    assert np.array_equal(found.xyxy, xyxy)
    assert np.allclose(found.scores, scores)
    assert found.class_ids.tolist() == class_ids


def test_defaults_of_what_it_does_not_say(write: Write) -> None:
    name = write()
    detector = create_detector(name)
    assert (detector.name, detector.needs_images) == (name, True)
    assert detector.class_names == {0: "person", 2: "car"}


def test_what_it_says_counts(tmp_path: Path) -> None:
    (tmp_path / "said.py").write_text(
        "class D:\n    name, needs_images, class_names = 'mine', False, ['ball', 'bat']\n"
        "    def detect(self, image, frame_index): return []\n"
        "class Bare:\n    def detect(self, image, frame_index): return []\n"
    )
    detector, bare = create_detector(f"{tmp_path}/said.py:D"), create_detector(f"{tmp_path}/said.py:Bare")
    assert (detector.name, detector.needs_images, dict(detector.class_names)) == ("mine", False, {0: "ball", 1: "bat"})
    assert dict(bare.class_names) == {0: "object"}


@pytest.mark.parametrize(
    ("signature", "is_given"),
    [
        pytest.param("self", False, id="nothing"),
        pytest.param("self, options", True, id="options"),
        pytest.param("self, what", True, id="by any name, where it must be given"),
        pytest.param("self, options=None", True, id="options, where they may be left out"),
        pytest.param("self, threshold=0.5", False, id="something else that may be left out"),
        pytest.param("self, **more", False, id="anything"),
    ],
)
def test_it_is_given_the_options_if_it_takes_any(signature: str, is_given: bool, write: Write) -> None:
    options = DetectorOptions(confidence=0.3)
    detector: Any = create_detector(write(signature=signature), options)
    assert (options in detector._detector.given.values()) is is_given


def test_options_filter_what_it_finds(write: Write) -> None:
    name = write()
    cars = create_detector(name, DetectorOptions(classes=("car",))).detect(PICTURE, 0)
    sure = create_detector(name, DetectorOptions(confidence=0.5)).detect(PICTURE, 0)
    assert (cars.class_ids.tolist(), sure.class_ids.tolist()) == ([2], [0])
    with pytest.raises(ValueError, match=r"unknown class 'cra'\. Did you mean 'car'"):
        create_detector(name, DetectorOptions(classes=("cra",)))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        pytest.param("1 / 0", r"^my_det\.py, line 13: ZeroDivisionError", id="an error"),
        pytest.param("None", "detect returned None, expected Detections, or an array with rows x1", id="None"),
        pytest.param("[[1, 2, 3]]", r"detect returned an array of shape \(1, 3\)", id="three columns"),
        pytest.param("[1, 2, 3, 4]", r"detect returned an array of shape \(4,\)", id="one row"),
        pytest.param("'boxes'", "detect returned a str", id="words"),
        pytest.param("{'boxes': 1}", "detect returned a dict", id="a dictionary"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(expression: str, message: str, write: Write) -> None:
    with pytest.raises(ValueError, match=message) as error:
        create_detector(write(expression)).detect(PICTURE, 0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("MyDetector = 3", "of type int, expected a class or function of a detector", id="a number"),
        pytest.param("class MyDetector: ...", r"without detect\(image, frame_index=\.\.\.\)", id="no detect"),
        pytest.param(
            "class MyDetector:\n    def detect(self, image): ...",
            r"detect takes \(image\), expected def detect\(self, image, frame_index\)",
            id="no frame number",
        ),
        pytest.param("def MyDetector(): return 1 / 0", r"^other\.py, line 1: ZeroDivisionError", id="an error"),
        pytest.param(
            "class MyDetector:\n    class_names = 5\n    def detect(self, image, frame_index): ...",
            r"class_names is 5, expected names by id",
            id="class names",
        ),
    ],
)
def test_what_is_no_detector(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(text)
    with pytest.raises(ValueError, match=message):
        create_detector(f"{tmp_path / 'other.py'}:MyDetector")


def test_names_are_taken_for_what_they_are(tmp_path: Path) -> None:
    """Also a class that is called as a folder of weights ends."""
    name = f"{tmp_path}/my_det.py:best_model"
    assert own_detector(name) is not None
    assert not reads_detections(name)
    assert needs_torch(name), "it may import anything"
    for other in ("yolo", "auto", "yolo11n.pt", "det.txt", str(tmp_path)):
        assert own_detector(other) is None
