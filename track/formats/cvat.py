"""CVAT for video 1.1: an XML file with one `<track>` an identity, in which gaps are `outside`.

https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/

Each box is a key frame, so that CVAT puts in none of its own. CVAT numbers its tracks anew when it exports them; so the
identity is an attribute, as are score, state, time and the class of a box that is not the class of its track.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from registry.words import printable
from track.formats.types import Filler, Row, TrackSet, state_named, track_set_of

__all__ = ["read", "render"]

logger = logging.getLogger(__name__)

IDENTITY, NAME, CLASS, SCORE, STATE, TIME = "identity", "name", "class", "score", "state", "time_s"
_FIXED = (IDENTITY, NAME)
_CHANGING = (CLASS, SCORE, STATE, TIME)


def render(tracks: TrackSet) -> bytes:
    """The file."""
    return "".join(_lines(tracks)).encode("utf-8", "backslashreplace")


def _lines(tracks: TrackSet) -> Iterator[str]:
    width, height = tracks.needed_size("CVAT's XML")
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n<meta><task>\n'
    yield f"<name>{escape(printable(tracks.name))}</name><size>{tracks.num_frames}</size><mode>interpolation</mode>"
    yield f"<start_frame>0</start_frame><stop_frame>{max(tracks.num_frames - 1, 0)}</stop_frame>\n<labels>\n"
    for name in tracks.classes:
        yield f"<label><name>{escape(printable(name))}</name><type>rectangle</type><attributes>\n"
        for attribute in (*_FIXED, *_CHANGING):
            yield (
                f"<attribute><name>{attribute}</name><mutable>{attribute in _CHANGING}</mutable>"
                "<input_type>text</input_type><default_value></default_value><values></values></attribute>\n"
            )
        yield "</attributes></label>\n"
    yield f"</labels>\n<original_size><width>{width}</width><height>{height}</height></original_size>\n"
    yield f"<frame_rate>{tracks.fps!r}</frame_rate>\n</task></meta>\n"
    for number, (track_id, rows) in enumerate(tracks.by_id().items()):
        yield from _track(number, track_id, rows, tracks)
    yield "</annotations>\n"


def _track(number: int, track_id: int, rows: list[Row], tracks: TrackSet) -> Iterator[str]:
    label = Counter(row.class_name for row in rows).most_common(1)[0][0]
    yield f'<track id="{number}" label={quoteattr(printable(label))} source="auto">\n'
    fixed = {IDENTITY: str(track_id), NAME: tracks.names.get(track_id, "")}
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        changing = {
            CLASS: "" if row.class_name == label else row.class_name,
            SCORE: "" if row.score is None else f"{row.score:.4f}",
            STATE: row.state,
            TIME: "" if row.time_s is None else f"{row.time_s:.4f}",
        }
        yield _box(row, row.frame, outside=False, attributes={**fixed, **changing})
        ends = row.frame + 1 < (tracks.num_frames if following is None else following.frame)
        if ends:  # where nothing is said, CVAT goes on with the last box
            yield _box(row, row.frame + 1, outside=True, attributes=fixed)
    yield "</track>\n"


def _box(row: Row, frame: int, *, outside: bool, attributes: dict[str, str]) -> str:
    x1, y1, x2, y2 = row.xyxy
    inner = "".join(
        f'<attribute name="{name}">{escape(printable(value))}</attribute>' for name, value in attributes.items()
    )
    return (
        f'<box frame="{frame}" outside="{outside:d}" occluded="{row.state == "predicted":d}" keyframe="1" '
        f'xtl="{x1:.4f}" ytl="{y1:.4f}" xbr="{x2:.4f}" ybr="{y2:.4f}" z_order="0">{inner}</box>\n'
    )


def read(path: Path, *, size: tuple[int, int] | None = None, fps: float | None = None) -> TrackSet:
    """The tracks of a file, from CVAT or of ours; between key frames boxes move evenly, as CVAT shows them.

    Raises:
        ValueError: not such a file, or a box that cannot be.
    """
    root = _root(path)
    told = root.find("meta/task/original_size"), root.findtext("meta/task/size"), root.findtext("meta/task/frame_rate")
    names: dict[int, str] = {}
    rows = list[Row]()
    tracks, filler = root.findall("track"), Filler()
    known = [_identity(track) for track in tracks]
    used = Counter(track_id for track_id in known if track_id is not None)
    _warn_of_copies(path, used)
    free = iter(number for number in range(1, len(used) + len(tracks) + 2) if number not in used)
    for track, own_id in zip(tracks, known, strict=True):
        track_id = own_id or next(free)
        rows += _rows_of(path, track, track_id, filler)
        name = _first_attribute(track, NAME)
        if name:
            names[track_id] = name
    if not size and told[0] is not None:
        size = int(_number(path, told[0].findtext("width"))), int(_number(path, told[0].findtext("height")))
    num_frames = int(_number(path, told[1])) if told[1] else 0
    rate = fps or (_number(path, told[2]) if told[2] else None)
    return track_set_of(path, rows, size=size, fps=rate, num_frames=num_frames, names=names)


def _warn_of_copies(path: Path, used: Mapping[int, int]) -> None:
    """CVAT copies the attributes of a track that is split there."""
    copied = sorted(track_id for track_id, count in used.items() if count > 1)
    if copied:
        which = ", ".join(map(str, copied[:5])) + (", ..." if len(copied) > 5 else "")
        logger.warning(
            f"{path.name}: several tracks have the identity {which} and are one here; if you split one in CVAT, give "
            f"its second part another {IDENTITY} there, or use track relabel --split on the result"
        )


def _root(path: Path) -> ElementTree.Element:
    try:
        text = path.read_bytes()
        if b"\0" in text:  # in UTF-16 the declarations below would not be seen
            raise ValueError(f"{path} is no UTF-8, expected CVAT for video 1.1 as CVAT writes it")
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise ValueError(f"{path} declares entities, which CVAT's files do not: expected CVAT for video 1.1")
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, LookupError) as error:  # the latter of an encoding that is none
        raise ValueError(f"{path} is no XML ({error}): expected CVAT for video 1.1") from error
    if root.tag != "annotations":
        raise ValueError(f"{path} begins with <{root.tag}>, expected <annotations> as in CVAT for video 1.1")
    if root.find("image") is not None and root.find("track") is None:
        raise ValueError(f"{path} is CVAT for images, which has no identities: export it as CVAT for video 1.1")
    return root


def _rows_of(path: Path, track: ElementTree.Element, track_id: int, filler: Filler) -> Iterator[Row]:
    label = track.get("label") or ""
    before: Row | None = None
    boxes = sorted(track.findall("box"), key=lambda box: _number(path, box.get("frame")))
    for box in boxes:
        row = _row(path, box, track_id, label)
        if before is not None:
            yield from filler.between(before, row)
        before = None if box.get("outside") == "1" else row
        if before is not None:
            yield before


def _row(path: Path, box: ElementTree.Element, track_id: int, label: str) -> Row:
    x1, y1, x2, y2 = (_number(path, box.get(name)) for name in ("xtl", "ytl", "xbr", "ybr"))
    found = {attribute.get("name"): attribute.text or "" for attribute in box.findall("attribute")}
    score, time_s = found.get(SCORE, ""), found.get(TIME, "")
    return Row(
        frame=int(_number(path, box.get("frame"))),
        id=track_id,
        xyxy=(x1, y1, x2, y2),
        class_name=found.get(CLASS) or label,
        score=_number(path, score) if score else None,
        state=state_named(found.get(STATE)),
        time_s=_number(path, time_s) if time_s else None,
    )


def _identity(track: ElementTree.Element) -> int | None:
    text = _first_attribute(track, IDENTITY)
    return int(text) if text.isdecimal() and len(text) < 17 and int(text) else None


def _first_attribute(track: ElementTree.Element, name: str) -> str:
    for attribute in track.iter("attribute"):
        if attribute.get("name") == name:
            return attribute.text or ""
    return ""


def _number(path: Path, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{path} has {text!r} where a number is expected, as in CVAT for video 1.1")
    return value
