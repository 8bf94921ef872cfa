"""Public detections: the numbers of the file, unrounded and in its order, and errors that name file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors import DetectorOptions, create_detector
from detectors.public import PublicDetector, find_file, read_detections


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def deepsort_rows(features: int, frames: int = 2) -> np.ndarray:
    rows = np.full((frames, 10 + features), -1.0)
    rows[:, 0] = np.arange(1, frames + 1)
    rows[:, 2:7] = (10.25, 20.5, 30.125, 40.0, 0.9)
    rows[:, 10:] = np.arange(features)
    return rows


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1,-1,10.123456789,20,30,40,0.5,-1,-1,-1\n", id="comma"),
        pytest.param("1 -1 10.123456789 20 30 40 0.5 -1 -1 -1\n", id="blanks"),
        pytest.param("1\t-1\t10.123456789\t20\t30\t40\t0.5\n", id="tabs, seven columns"),
        pytest.param("1, -1, 10.123456789, 20, 30, 40, 0.5,\n", id="comma and blank, comma at the end"),
        pytest.param("\ufeff1,-1,10.123456789,20,30,40,0.5\r\n\r\n", id="byte order mark, Windows lines, empty line"),
        pytest.param("1.0,-1,10.123456789,20,30,40,0.5", id="frame number with a point, no newline at the end"),
    ],
)
def test_text_forms_that_are_understood(tmp_path: Path, text: str) -> None:
    file = tmp_path / "det.txt"
    file.write_text(text, encoding="utf-8", newline="")
    boxes = PublicDetector(file).detect(None, 0)
    assert boxes.xyxy.dtype == np.float64
    assert boxes.xyxy.tolist() == [[10.123456789, 20.0, 10.123456789 + 30.0, 60.0]]
    assert boxes.scores.tolist() == [0.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("1,-1,1,2,3,4,1\n1,-1,abc,2,3,4,1\n", r"det.txt, line 2: .*'abc'.*expected frame,id,x", id="word"),
        pytest.param("1,-1,1,2,3,4,1\n\n1,-1,2,3\n", r"line 3: 4 columns", id="too few columns, after an empty line"),
        pytest.param("0,-1,1,2,3,4,1\n", r"line 1: frame number 0", id="frame 0"),
        pytest.param("-3,-1,1,2,3,4,1\n", r"line 1: frame number -3", id="negative frame"),
        pytest.param("1.5,-1,1,2,3,4,1\n", r"line 1: frame number 1.5", id="half a frame"),
        pytest.param("nan,-1,1,2,3,4,1\n", r"line 1: frame number nan", id="frame nan"),
        pytest.param("1,-1,1,2,3,4,1,-1,-1,-1\n1,-1,1,2,3,4,1\n", r"line 2: 7 columns.*have 10", id="ragged"),
    ],
)
def test_bad_text_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_detections(write(tmp_path / "det.txt", text))


def test_binary_file_called_txt_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "det.txt"
    file.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ValueError, match="not a text file"):
        read_detections(file)


def test_order_of_the_file_is_kept_within_a_frame(tmp_path: Path) -> None:
    text = "2,-1,5,0,9,9,0.1\n1,-1,3,0,9,9,0.2\n2,-1,1,0,9,9,0.9\n1,-1,7,0,9,9,0.8\n2,-1,4,0,9,9,0.5\n"
    detector = PublicDetector(write(tmp_path / "det.txt", text))
    assert detector.detect(None, 0).xyxy[:, 0].tolist() == [3, 7]
    assert detector.detect(None, 1).xyxy[:, 0].tolist() == [5, 1, 4]


def test_frames_without_boxes_and_beyond_the_file_are_empty(tmp_path: Path) -> None:
    detector = PublicDetector(write(tmp_path / "det.txt", "3,-1,5,0,9,9,0.1\n"))
    assert [len(detector.detect(None, index)) for index in range(5)] == [0, 0, 1, 0, 0]
    assert detector.detect(None, 0).xyxy.shape == (0, 4)


def test_empty_file_has_no_boxes(tmp_path: Path) -> None:
    assert len(PublicDetector(write(tmp_path / "det.txt", "")).detect(None, 0)) == 0


def test_useless_boxes_are_left_for_the_tracker_to_count(tmp_path: Path) -> None:
    text = "1,-1,nan,0,9,9,0.1\n1,-1,0,0,-9,9,0.2\n1,-1,0,0,inf,9,nan\n1,-1,-500,0,9,0,-1\n"
    assert len(PublicDetector(write(tmp_path / "det.txt", text)).detect(None, 0)) == 4


@pytest.mark.parametrize(
    ("confidence", "kept"),
    [
        pytest.param(None, [-1.0, 0.3, 0.5], id="default keeps all, negative scores too"),
        pytest.param(0.0, [0.3, 0.5], id="zero"),
        pytest.param(0.3, [0.3, 0.5], id="equal is kept, before rounding to float32"),
        pytest.param(0.6, [], id="above all"),
    ],
)
def test_confidence(tmp_path: Path, confidence: float | None, kept: list[float]) -> None:
    file = write(tmp_path / "det.txt", "1,-1,0,0,9,9,-1\n1,-1,0,0,9,9,0.3\n1,-1,0,0,9,9,0.5\n")
    scores = PublicDetector(file, DetectorOptions(confidence=confidence)).detect(None, 0).scores
    assert scores.tolist() == pytest.approx(kept)


@pytest.mark.parametrize("suffix", [".npy", ".txt"])
def test_features_are_the_columns_after_the_tenth(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"det{suffix}"
    rows = deepsort_rows(features=4)
    if suffix == ".npy":
        np.save(file, rows)
    else:
        np.savetxt(file, rows, delimiter=",")
    boxes = PublicDetector(file).detect(None, 1)
    assert boxes.features.dtype == np.float32
    assert boxes.features.tolist() == [[0, 1, 2, 3]]
    assert boxes.xyxy.tolist() == [[10.25, 20.5, 40.375, 60.5]]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(np.zeros(12), id="flat"),
        pytest.param(np.zeros((3, 4)), id="too narrow"),
        pytest.param(np.array([["a"] * 10]), id="text"),
        pytest.param(np.array([[{}] * 10], dtype=object), id="pickled objects"),
        pytest.param(b"no array", id="not an array"),
        pytest.param(b"", id="empty file"),
        pytest.param(deepsort_rows(0) * 0, id="frame 0"),
    ],
)
def test_bad_npy_is_one_error_that_names_the_file(tmp_path: Path, content: np.ndarray | bytes) -> None:
    file = tmp_path / "broken.npy"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        np.save(file, content, allow_pickle=True)
    with pytest.raises(ValueError, match=r"broken\.npy"):
        read_detections(file)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"det/det.txt": 0}, "det/det.txt", id="only text"),
        pytest.param({"det/det.npy": 3}, "det/det.npy", id="only array"),
        pytest.param({"det/det.txt": 0, "det/det.npy": 3}, "det/det.npy", id="both: the one with features"),
        pytest.param({"det/det.txt": 0, "det/det.npy": 0}, "det/det.txt", id="both without features: the text"),
        pytest.param({"det/S1.npy": 3, "det/det.npy": 3}, "det/S1.npy", id="the sequence's name first"),
        pytest.param({"S1.npy": 3}, "S1.npy", id="DeepSORT's folder of arrays"),
    ],
)
def test_which_file_of_a_folder(tmp_path: Path, files: dict[str, int], expected: str) -> None:
    folder = tmp_path / "S1"
    for name, features in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".npy"):
            np.save(folder / name, deepsort_rows(features))
        else:
            write(folder / name, "1,-1,0,0,9,9,1\n")
    assert find_file(folder, Path("elsewhere/S1")) == folder / expected


def test_sequence_without_images(tmp_path: Path) -> None:
    write(tmp_path / "S1" / "det" / "det.txt", "1,-1,0,0,9,9,1\n")
    detector = create_detector("public", DetectorOptions(sequence=tmp_path / "S1"))
    assert not detector.needs_images
    assert len(detector.detect(None, 0)) == 1


def test_folder_without_detections_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"det/det\.txt; or give weights by their own path"):
        create_detector(str(tmp_path))


def test_public_without_a_sequence_says_what_to_type() -> None:
    with pytest.raises(ValueError, match=r"--detector path/to/det\.txt"):
        create_detector("public")


@pytest.mark.parametrize("name", ["person", "Person"])
def test_person_is_the_one_class(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "det.txt", "1,-1,0,0,9,9,1\n")
    assert len(PublicDetector(file, DetectorOptions(classes=(name,))).detect(None, 0)) == 1


def test_other_classes_are_unknown(tmp_path: Path) -> None:
    file = write(tmp_path / "det.txt", "1,-1,0,0,9,9,1\n")
    with pytest.raises(ValueError, match=r"unknown class 'persons'.*Did you mean 'person'"):
        PublicDetector(file, DetectorOptions(classes=("persons",)))


def test_real_detections_equal_numpy_s_own_reader(shared: Path) -> None:
    file = shared / "data" / "mot15" / "TUD-Campus" / "det" / "det.txt"
    rows = np.loadtxt(file, delimiter=",")
    detector = PublicDetector(file)
    for frame in np.unique(rows[:, 0]).astype(int):
        own = rows[rows[:, 0] == frame]
        boxes = detector.detect(None, frame - 1)
        np.testing.assert_array_equal(boxes.xyxy[:, :2], own[:, 2:4])
        np.testing.assert_array_equal(boxes.xyxy[:, 2:], own[:, 2:4] + own[:, 4:6])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param((-1, -1), [1.0, 1.0], id="no scores at all"),
        pytest.param((-1, 0.4), [-1.0, 0.4], id="a low score among others is a score"),
    ],
)
def test_a_file_without_scores_is_trusted(tmp_path: Path, scores: tuple[float, ...], expected: list[float]) -> None:
    text = "".join(f"1,-1,10,20,30,40,{score}\n" for score in scores)
    boxes = PublicDetector(write(tmp_path / "det.txt", text)).detect(None, 0)
    assert boxes.scores.tolist() == pytest.approx(expected)
