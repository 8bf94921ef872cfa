"""GeoJSON (RFC 7946): the way of each identity's foot point through the picture, a `LineString` an identity.

Places are px, from the left and from the top; maps, whose y goes up, show them upside down.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from track.formats.types import Row, TrackSet

__all__ = ["render"]


def render(tracks: TrackSet) -> bytes:
    """The file."""
    features = [_feature(track_id, rows, tracks) for track_id, rows in tracks.by_id().items()]
    content: dict[str, Any] = {"type": "FeatureCollection", "name": tracks.name, "features": features}
    return json.dumps(content).encode()


def _feature(track_id: int, rows: list[Row], tracks: TrackSet) -> dict[str, Any]:
    points = [[round((row.xyxy[0] + row.xyxy[2]) / 2, 4), row.xyxy[3]] for row in rows]
    alone = len(points) == 1  # a LineString has two places or more
    return {
        "type": "Feature",
        "id": track_id,
        "geometry": {"type": "Point" if alone else "LineString", "coordinates": points[0] if alone else points},
        "properties": {
            "id": track_id,
            "name": tracks.names.get(track_id, ""),
            "class": Counter(row.class_name for row in rows).most_common(1)[0][0],
            "first_s": rows[0].time_s,
            "last_s": rows[-1].time_s,
            "frames": [row.frame + 1 for row in rows],
            "times_s": [row.time_s for row in rows],
        },
    }
