"""From a foreground mask to boxes of objects: components, fragments put together, groups taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.signal import find_peaks

from detectors.background import Mask
from detectors.size_prior import SizePrior

__all__ = ["Blob", "find_blobs"]

NUM_LABELS = 1 << 16  # of 16 bits
MIN_AREA = 0.00025  # of the picture
CLOSE_HEIGHT = 0.022  # of the picture's height: gaps across a belt or a collar
MERGE_GAP = 0.3  # of the smaller part's height, between head, trunk and legs of one object
WHOLE_FILL = 0.72  # a vehicle fills its box; a group of people leaves gaps between heads and legs
MIN_FILL = 0.28  # of a box, below which no object is seen in it
ONE_WIDE = 1.4  # of the usual width: wider is a group
TWO_HEADS = 1.1  # of the usual width: from here on, two heads make a group
HEAD_PROMINENCE = 0.07  # of the blob's height, by which a head stands out of the shoulders beside it
ONE_TALL = 1.35  # of the expected height: taller is one behind another
LEFT_OVER = 0.25  # of the expected box must be foreground that nobody has claimed
MIN_SHARE = 0.45  # of the expected height, below which a blob is a fragment
MIN_SHARE_AT_BORDER = 0.6  # who is cut by the border must be seen by more than half


KNOWN_INSIDE = 0.75  # of a known object's box must lie in the component that it is looked for in
KNOWN_SLACK = 0.3  # of a width, by which a group may be wider than its known members

Box = tuple[int, int, int, int]
Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Blob:
    """One object hypothesis of one frame.

    Attributes:
        xyxy: box in mask pixels.
        fill: share of the box that is foreground.
        single: whether it was a component of its own, neither cut out of a group nor touching the picture's border.
    """

    xyxy: tuple[float, float, float, float]
    fill: float
    single: bool

    @property
    def width(self) -> float:
        """Pixels."""
        return self.xyxy[2] - self.xyxy[0]

    @property
    def height(self) -> float:
        """Pixels."""
        return self.xyxy[3] - self.xyxy[1]


def find_blobs(foreground: Mask, prior: SizePrior, known: Sequence[Corners] = ()) -> list[Blob]:
    """Objects of one mask.

    Args:
        foreground: the mask.
        prior: expected sizes; when known, groups are taken apart by them.
        known: boxes where objects of the last frames should be by now; a component that holds several of them is
            a group of just these.
    """
    labels, found = _components(foreground)
    owner, boxes = _merge(found, prior)
    blobs: list[Blob] = []
    for index, (left, top, right, bottom) in enumerate(boxes):
        part = owner[labels[top:bottom, left:right]] == index
        box = (left, top, right, bottom)
        blobs.extend(_known_members(part, box, known) or _objects(part, box, foreground.shape, prior))
    return blobs


def _known_members(part: npt.NDArray[np.bool_], box: Box, known: Sequence[Corners]) -> list[Blob]:
    """The known objects that make up a component, if they are several and explain its width; else nothing.

    Each keeps its size. Whoever is outermost on a side is moved to the side of the group, so that errors of the
    forecast do not add up while people cross.
    """
    members = np.array([k for k in known if share_inside(k, box) > KNOWN_INSIDE], np.float64)
    if len(members) < 2:
        return []
    union = (*members[:, :2].min(axis=0), *members[:, 2:].max(axis=0))
    slack = KNOWN_SLACK * float(np.mean(members[:, 2] - members[:, 0]))
    if union[0] - box[0] > slack or box[2] - union[2] > slack:
        return []  # somebody else is in it
    for side, outermost in ((0, np.argmin), (1, np.argmin), (2, np.argmax), (3, np.argmax)):
        index = int(outermost(members[:, side]))
        shift = np.clip(box[side] - members[index, side], -slack, slack)
        members[index, side % 2 :: 2] += 0.5 * shift
    blobs = []
    for x1, y1, x2, y2 in members:
        left, top = max(round(x1) - box[0], 0), max(round(y1) - box[1], 0)
        window = part[top : max(round(y2) - box[1], 0), left : max(round(x2) - box[0], 0)]
        fill = float(window.mean()) if window.size else 0.0
        if fill > MIN_FILL:
            blobs.append(Blob((float(x1), float(y1), float(x2), float(y2)), fill, False))
    return blobs


def share_inside(inner: Corners, outer: Corners | Box) -> float:
    """Share of the inner box's area that lies in the outer box."""
    width = min(inner[2], outer[2]) - max(inner[0], outer[0])
    height = min(inner[3], outer[3]) - max(inner[1], outer[1])
    return max(width, 0.0) * max(height, 0.0) / ((inner[2] - inner[0]) * (inner[3] - inner[1]))


def _components(foreground: Mask) -> tuple[npt.NDArray[np.uint16], dict[int, Box]]:
    """Label image, and the box of each label that is large enough."""
    rows, columns = foreground.shape
    clean = cv2.medianBlur(foreground, 3)
    tall = cv2.getStructuringElement(cv2.MORPH_RECT, (3, max(3, round(CLOSE_HEIGHT * rows))))
    clean = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, tall)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clean, connectivity=8, ltype=cv2.CV_16U)
    boxes: dict[int, Box] = {}
    for label in range(1, count):
        x, y, w, h, area = (int(value) for value in stats[label])
        if area >= MIN_AREA * rows * columns:
            boxes[label] = (x, y, x + w, y + h)
    return np.asarray(labels, np.uint16), boxes


def _merge(found: dict[int, Box], prior: SizePrior) -> tuple[npt.NDArray[np.int32], list[Box]]:
    """Put fragments that lie above one another together, the closest first, until no two belong together.

    Returns:
        For each label the index of its object (-1 for none), and the boxes of the objects.
    """
    owner = np.full(NUM_LABELS, -1, np.int32)
    members = [[label] for label in found]
    boxes = np.array(list(found.values()), np.float64).reshape(-1, 4)
    while len(boxes) > 1:
        gaps = _gaps(boxes, prior)
        i, j = sorted(np.unravel_index(int(np.argmin(gaps)), gaps.shape))
        if not np.isfinite(gaps[i, j]):
            break
        boxes[i] = (*np.minimum(boxes[i, :2], boxes[j, :2]), *np.maximum(boxes[i, 2:], boxes[j, 2:]))
        boxes = np.delete(boxes, j, axis=0)
        members[i] += members.pop(j)
    for index, labels in enumerate(members):
        owner[labels] = index
    return owner, [(int(a), int(b), int(c), int(d)) for a, b, c, d in boxes]


def _gaps(boxes: npt.NDArray[np.float64], prior: SizePrior) -> npt.NDArray[np.float64]:
    """Vertical gap of each pair of boxes that look like parts of one object, infinite for the others."""
    p, q = boxes[:, None], boxes[None]
    high, low = np.minimum(p, q), np.maximum(p, q)
    sizes = boxes[:, 2:] - boxes[:, :2]
    smaller = np.minimum(sizes[:, None], sizes[None])
    gap, height, width = low[..., 1] - high[..., 3], low[..., 3] - high[..., 1], low[..., 2] - high[..., 0]
    if prior.known:
        expected = prior.height(low[..., 3])
        fits = (height <= 1.15 * expected) & (gap <= 0.3 * expected)
    else:
        fits = (gap <= MERGE_GAP * smaller[..., 1]) & (height <= 4.0 * width)
    fits &= high[..., 2] - low[..., 0] >= 0.5 * smaller[..., 0]
    np.fill_diagonal(fits, False)
    return np.where(fits, gap, np.inf)


def _objects(part: npt.NDArray[np.bool_], box: Box, shape: tuple[int, ...], prior: SizePrior) -> list[Blob]:
    """The objects in one merged component: itself, nothing, or the members of a group."""
    left, top, right, bottom = box
    inside = left > 0 and top > 0 and right < shape[1] and bottom < shape[0]
    fill = float(part.mean())
    whole = Blob((float(left), float(top), float(right), float(bottom)), fill, inside)
    if not prior.known:
        return [whole]
    expected = prior.height(bottom)
    if bottom >= shape[0]:
        expected = min(prior.height_from_top(top), prior.height(shape[0]))
    share = MIN_SHARE if inside else MIN_SHARE_AT_BORDER
    if whole.height < share * expected and whole.width < expected:
        return []
    is_vehicle = fill >= WHOLE_FILL and whole.width > whole.height
    usual = prior.width(expected)
    one_wide = whole.width < ONE_WIDE * usual and (whole.width < TWO_HEADS * usual or _num_heads(part, usual) < 2)
    one_tall = whole.height < ONE_TALL * expected
    if is_vehicle or (one_wide and one_tall):
        return [whole]
    return _peel(part, box, prior) or [whole]


def _peel(part: npt.NDArray[np.bool_], box: Box, prior: SizePrior) -> list[Blob]:
    """Members of a group, taken off from the top: the highest pixels left are a head, the prior tells its feet.

    The highest head belongs to whoever stands farthest back, so that what is left after each step is nearer.
    """
    left, top, _, bottom = box
    rest = part.copy()
    smallest = min(prior.height_from_top(top), prior.height(bottom))
    least = 0.5 * LEFT_OVER * smallest * prior.width(smallest)
    found: list[Blob] = []
    for _ in range(12):
        rows = np.flatnonzero(rest.any(axis=1))
        if not len(rows) or rest.sum() < least:
            break
        first = int(rows[0])
        height = min(prior.height_from_top(top + first), prior.height(bottom))
        head = np.asarray(rest[first : first + max(2, round(0.12 * height))].any(axis=0))
        middle = _widest_run(head)
        height = _height_below(part, first, round(middle), top, prior) or height
        width = prior.width(height)
        x1, x2 = round(middle - width / 2), round(middle + width / 2)
        y2 = min(first + round(height), bottom - top)
        window = part[first:y2, max(x1, 0) : max(x2, 0)]
        left_over = rest[first:y2, max(x1, 0) : max(x2, 0)]
        lowest = np.flatnonzero(left_over.any(axis=1))
        enough = len(lowest) > 0 and lowest[-1] >= 0.6 * height
        if enough and window.size and window.mean() > MIN_FILL and left_over.sum() > LEFT_OVER * width * height:
            found.append(Blob((left + x1, top + first, left + x2, top + first + height), float(window.mean()), False))
            grow = round(0.15 * width)
            rest[: y2 + grow, max(x1 - grow, 0) : max(x2 + grow, 0)] = False
        else:
            rest[first : first + max(1, round(0.1 * height)), max(x1, 0) : max(x2, 0)] = False
            rest[first, :] = False
    return found


def _num_heads(part: npt.NDArray[np.bool_], width: float) -> int:
    """Peaks of the upper outline that are at least 0.4 usual widths apart, with a valley between them."""
    rows = len(part)
    outline = np.where(part.any(axis=0), part.argmax(axis=0), rows)
    depth = np.minimum(np.concatenate(([rows], outline, [rows])), 0.5 * rows)
    peaks, _ = find_peaks(-depth, prominence=HEAD_PROMINENCE * rows, distance=max(1.0, 0.4 * width))
    return len(peaks)


def _height_below(part: npt.NDArray[np.bool_], first: int, column: int, top: int, prior: SizePrior) -> float | None:
    """Height down to the lowest pixel under a head, where that is about the height of an object that stands there."""
    reach = max(1, round(0.3 * prior.width(prior.height(top + len(part)))))
    rows = np.flatnonzero(part[:, max(0, column - reach) : column + reach].any(axis=1))
    if not len(rows):
        return None
    height = float(rows[-1] + 1 - first)
    expected = prior.height(top + rows[-1] + 1)
    return height if 0.75 * expected <= height <= 1.2 * expected else None


def _widest_run(row: npt.NDArray[np.bool_]) -> float:
    """Middle of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row.view(np.int8), [0]))))
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return float(starts[longest] + ends[longest]) / 2.0
