"""Rerun (.rrd): boxes and ways on a time line, for the viewer of rerun.io."""

from __future__ import annotations

import tempfile
from pathlib import Path

from track.formats.checks import check_num_frames
from track.formats.types import TrackSet

__all__ = ["render"]


def render(tracks: TrackSet) -> bytes:
    """The file.

    Raises:
        ValueError: the SDK is not installed.
    """
    try:
        import rerun
    except ImportError as error:
        raise ValueError("--to rerun needs the Rerun SDK: pip install 'track-reid[rerun]'") from error
    check_num_frames("Rerun", tracks.num_frames)
    by_frame = tracks.by_frame()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracks.rrd"
        with rerun.RecordingStream("track", recording_id=tracks.name) as stream:
            stream.save(path)
            for frame in range(tracks.num_frames):
                here = by_frame.get(frame, [])
                stream.set_time("frame", sequence=frame + 1)
                stream.set_time("time", duration=here[0].time_s if here else frame / tracks.fps)
                boxes = rerun.Boxes2D(
                    array=[row.xyxy for row in here],
                    array_format=rerun.Box2DFormat.XYXY,
                    class_ids=[row.id for row in here],
                    labels=[f"{tracks.names.get(row.id) or row.class_name} {row.id}" for row in here],
                )
                stream.log("tracks", boxes if here else rerun.Clear(recursive=False))
            stream.flush()
        return path.read_bytes()
