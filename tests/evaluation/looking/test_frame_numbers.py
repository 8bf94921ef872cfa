"""Frame numbers off by one are found, and a tracker that trails is not taken for that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluation.looking.checks import look
from evaluation.reading import read_rows
from tests.evaluation.file_pairs import GT, GT_TAIL, PRED_TAIL, PREDICTION, jittered, prediction_as, score
from tests.evaluation.scenes import Row, changed, walkers, write, write_gt


def test_the_fixes_fix(tmp_path: Path) -> None:
    """`--shift` as proposed gives the figures of the sound files."""
    sound = score(tmp_path / "sound", (GT, GT_TAIL, PREDICTION, PRED_TAIL))
    for by in (1, -1000):
        shifted = prediction_as(lambda f, *rest, by=by: (f - by, *rest))
        assert score(tmp_path / str(by), shifted, shift=by).combined == sound.combined


def _runners(*, delay: float = 0.0, first: int = 1, late: int = 0) -> list[Row]:
    """Tracks of three people who run by, 25 px a frame: from frame `first` on, `delay` frames behind, numbered `late`
    frames too high."""
    rows = []
    for frame in range(first, 31):
        for person, (start, speed) in enumerate(((100, 25), (900, -25), (400, 24)), start=1):
            rows.append((frame + late, person, start + speed * (frame - delay), 200 + 90 * person, 50, 120))
    return rows


def _findings(folder: Path, prediction: Sequence[Row]) -> list[str]:
    truth = write_gt(folder / "seq", _runners(), GT_TAIL) / "gt" / "gt.txt"
    pred = write(folder / "pred.txt", prediction, PRED_TAIL)
    return [finding.text for finding in look(read_rows(truth), read_rows(pred))]


@pytest.mark.parametrize("delay", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_tracker_that_trails_has_sound_frame_numbers(tmp_path: Path, first: int, delay: float) -> None:
    """An online result begins when its tracks are sure, and a Kalman filter trails what runs: at 0.6 frames the boxes
    fit the frame before better, by 0.14 here."""
    assert _findings(tmp_path, _runners(delay=delay, first=first)) == []


@pytest.mark.parametrize(("late", "delay"), [(1, 0.0), (1, 0.3), (1, 0.6), (-1, 0.0), (-1, 0.3)])
@pytest.mark.parametrize("first", [2, 3])
def test_frame_numbers_off_by_one_are_found_also_where_the_tracker_trails(
    tmp_path: Path, first: int, late: int, delay: float
) -> None:
    (text,) = _findings(tmp_path, _runners(delay=delay, first=first, late=late))
    assert "off by one" in text
    assert f"--shift {-late} " in text


@pytest.mark.parametrize("late", [15, 20, -12, 100, -1000])
@pytest.mark.parametrize("first", [1, 3])
def test_numbers_counted_otherwise_are_named_also_where_some_are_in_common(
    tmp_path: Path, late: int, first: int
) -> None:
    """Tracks of frames 1 to 30 as 21 to 50, or with the first frames missing, as a tracker has them."""
    (text,) = _findings(tmp_path, _runners(first=first, late=late))
    assert f"--shift {-late} " in text


@pytest.mark.parametrize("late", [1, 15, 1000])
@pytest.mark.parametrize("given", [12, -40, 2000])
def test_the_shift_proposed_is_the_one_to_type_whatever_was_typed_before(tmp_path: Path, late: int, given: int) -> None:
    shifted = prediction_as(lambda f, *rest: (f + late, *rest))
    with pytest.raises(ValueError, match=f"--shift {-late} adds {-late} to"):
        score(tmp_path, shifted, shift=given)


def test_a_shift_too_many_is_to_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="leave --shift out, for nothing is to be added to"):
        score(tmp_path, (GT, GT_TAIL, PREDICTION, PRED_TAIL), shift=15)


def test_no_other_numbers_are_proposed_for_tracks_of_another_video(tmp_path: Path) -> None:
    (text,) = _findings(tmp_path, changed(_runners(late=10), lambda f, i, x, y, w, h: (f, i, x, y + 1000, w, h)))
    assert "same video" in text
    assert "--shift" not in text


@pytest.mark.parametrize("by", [-4, -3, 3, 4])
def test_annotations_some_frames_away_from_the_pictures_are_not_off_by_one(tmp_path: Path, by: int) -> None:
    """A shift by one fits better and mends nothing."""
    truth = write_gt(tmp_path / "seq", walkers(40), GT_TAIL) / "gt" / "gt.txt"
    late = changed(jittered(walkers(40)), lambda f, *rest: (f + by, *rest))
    pred = write(tmp_path / "pred.txt", late, PRED_TAIL)
    assert list(look(read_rows(truth), read_rows(pred))) == []
