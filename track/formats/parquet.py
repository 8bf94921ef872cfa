"""Parquet: the columns of `tracks.csv` with their types, for pandas, Polars, DuckDB and Spark."""

from __future__ import annotations

import io
import json

import numpy as np

from track.formats.types import TrackSet, state_of

__all__ = ["render"]


def render(tracks: TrackSet) -> bytes:
    """The file; frames from 1, and a score that is not there is null.

    Raises:
        ValueError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ValueError("--to parquet needs pyarrow: pip install 'track-reid[parquet]'") from error
    columns = {
        "frame": pyarrow.array(tracks.frames + 1, pyarrow.int64()),
        "time_s": pyarrow.array(tracks.times_s, pyarrow.float64()),
        "id": pyarrow.array(tracks.ids, pyarrow.int64()),
        "class": _words(pyarrow, tracks.class_ids, tracks.classes),
        **{name: pyarrow.array(tracks.xyxy[:, place]) for place, name in enumerate(("x1", "y1", "x2", "y2"))},
        "score": pyarrow.array(tracks.scores, pyarrow.float64(), mask=np.isnan(tracks.scores)),
        "state": _words(pyarrow, tracks.states, tuple(map(state_of, range(int(tracks.states.max(initial=0)) + 1)))),
        "name": pyarrow.array([tracks.names.get(track_id, "") for track_id in tracks.ids.tolist()], pyarrow.string()),
    }
    facts = {"source": tracks.name, "fps": tracks.fps, "size": tracks.size, "num_frames": tracks.num_frames}
    table = pyarrow.table(columns).replace_schema_metadata({"track": json.dumps(facts)})
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()


def _words(pyarrow: object, codes: np.ndarray, words: tuple[str, ...]) -> object:
    """Texts, each kept once."""
    from pyarrow import DictionaryArray, array, int32, string

    return DictionaryArray.from_arrays(array(codes.astype(np.int32), int32()), array(words, string()))
