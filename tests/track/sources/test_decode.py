"""What a container tells of its video: rate, length, and which of several streams it is."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import pytest

from track.sources.decode import Length, frame_rate, length_of


@pytest.mark.parametrize(
    ("average", "guessed", "fps"),
    [
        pytest.param(Fraction(30000, 1001), Fraction(30), 30000 / 1001, id="the average where it is there"),
        pytest.param(None, Fraction(50), 50.0, id="else what FFmpeg guesses"),
        pytest.param(Fraction(0), Fraction(90000), 25.0, id="a clock is no frame rate"),
        pytest.param(Fraction(1, 10**9), None, 25.0, id="a damaged header"),
    ],
)
def test_frame_rate(average: Fraction | None, guessed: Fraction | None, fps: float) -> None:
    stream = SimpleNamespace(average_rate=average, guessed_rate=guessed, base_rate=None)
    assert frame_rate(stream) == pytest.approx(fps)


@pytest.mark.parametrize(
    ("stream_s", "tag", "container_s", "start_s", "length"),
    [
        pytest.param(2.0, None, 9.0, 5.0, Length(2, 2), id="of the stream: from its first frame"),
        pytest.param(None, "00:00:02.5", 9.0, 0.0, Length(2.5, 2.5), id="Matroska: of the stream, by its tag"),
        pytest.param(None, "01:00:02.5", 9.0, 3600.0, Length(2.5, 3602.5), id="Matroska that starts late: its end"),
        pytest.param(None, "00:00:02.5", 9.0, 3600.0, Length(2.5, 2.5), id="the same by another maker: its length"),
        pytest.param(None, None, 9.0, 5.0, Length(4, 9), id="of the container: either"),
        pytest.param(None, None, None, 0.0, None, id="not told"),
    ],
)
def test_length(
    stream_s: float | None, tag: str | None, container_s: float | None, start_s: float, length: Length | None
) -> None:
    def in_ticks(seconds: float | None) -> int | None:
        return None if seconds is None else round(seconds * 1000)

    stream = SimpleNamespace(
        duration=in_ticks(stream_s),
        time_base=Fraction(1, 1000),
        start_time=in_ticks(start_s),
        metadata={} if tag is None else {"DURATION": tag},
    )
    container = SimpleNamespace(duration=None if container_s is None else round(container_s * 1e6))
    assert length_of(container, stream) == length
