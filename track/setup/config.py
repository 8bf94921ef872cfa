"""What a user asked for, validated once at the edge: command options and YAML presets into frozen objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from registry import unknown_name
from registry.defaults import DEFAULT_ENCODER
from registry.devices import check_device_name
from reid.registry import WITHOUT_NETWORK, WITHOUT_PICTURES
from reid.runtimes import AUTO, check_runtime
from track.sinks.styles import DEFAULT_STYLE, check_style
from tracker.presets import REID_WHEN, TrackerPreset

__all__ = ["RunConfig"]

MOST_CROPS = 1000
"""Of an identity; each is compared with all others of it."""
MOST_APART = 10_000
"""Frames between two detections; a track is forgotten long before."""


@dataclass(frozen=True)
class RunConfig:
    """Everything that `track run` was asked for, as one object; see `track run --help` for each.

    `every` and `reid_when` are those of the tracker's preset where they are left out.
    """

    source: str
    detector: str = "auto"
    classes: tuple[str, ...] = ()
    conf: float | None = None
    iou: float | None = None
    imgsz: int | None = None
    reid: str = DEFAULT_ENCODER
    reid_weights: Path | None = None
    max_cosine: float | None = None
    reid_runtime: str = AUTO
    reid_when: str | None = None
    tracker: TrackerPreset = field(default_factory=TrackerPreset)
    device: str = "auto"
    out: Path | None = None
    overwrite: bool = False
    video: bool = True
    style: str = DEFAULT_STYLE
    crops: int = 0
    start_s: float = 0.0
    end_s: float | None = None
    every: int | None = None
    online: bool = False
    smooth: bool = False
    offline: bool = False
    keep_embeddings: bool = False
    zones: Path | None = None
    seed: int = 0
    trust: bool = False

    def __post_init__(self) -> None:
        given = self.reid_when
        for name, default in (("every", self.tracker.every), ("reid_when", self._usual_reid_when)):
            if getattr(self, name) is None:
                object.__setattr__(self, name, default)
        self._check_ranges()
        self._check_encoder(given)

    @property
    def _usual_reid_when(self) -> str:
        """When nobody asks: the preset's, but for what needs the embedding of every detection."""
        return "always" if self.offline or self.keep_embeddings else self.tracker.reid_when

    def _check_ranges(self) -> None:
        if not self.source.strip():
            raise ValueError("the source is empty, expected a video file, a folder, a camera index or an address")
        for name, value, low, high in (("--conf", self.conf, 0, 1), ("--iou", self.iou, 0, 1)):
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} is {value:g}, expected a number from {low} to {high}")
        if self.max_cosine is not None and not 0 <= self.max_cosine <= 2:
            raise ValueError(f"--max-cosine is {self.max_cosine:g}, expected a cosine distance from 0 to 2")
        if self.every is not None and not 1 <= self.every <= MOST_APART:
            raise ValueError(f"--every is {self.every}, expected a number from 1 (each frame) to {MOST_APART}")
        check_style(self.style)
        if self.style != DEFAULT_STYLE and not self.video:
            raise ValueError(f"--style {self.style} has no effect with --no-video: drop one")
        if not 0 <= self.crops <= MOST_CROPS:
            raise ValueError(f"--crops is {self.crops}, expected a number from 1 to {MOST_CROPS}, or 0 for none")
        if not 0 <= self.seed < 1 << 63:
            raise ValueError(f"--seed is {self.seed}, expected a whole number from 0 to 2**63 - 1")
        check_device_name(self.device)
        if self.imgsz is not None and not 32 <= self.imgsz <= 8192:
            raise ValueError(f"--imgsz is {self.imgsz}, expected 32 to 8192 px")
        if self.online and self.smooth:
            raise ValueError("--online and --smooth exclude each other: smoothing needs finished tracks; drop one")
        if self.online and self.offline:
            raise ValueError("--online and --offline exclude each other: linking needs finished tracks; drop one")
        if self.smooth and self.offline:
            raise ValueError("--smooth has no effect with --offline, which smooths what it links; drop --smooth")
        check_runtime(self.reid_runtime)

    def _check_encoder(self, reid_when: str | None) -> None:
        """What is asked of the encoder must have an effect; `reid_when` is what was asked for."""
        if self.max_cosine is not None and self.reid == "none":
            raise ValueError("--max-cosine has no effect with --reid none; name an encoder, or drop it")
        if self.reid_when not in REID_WHEN:
            raise unknown_name("--reid-when", str(self.reid_when), REID_WHEN)
        if self.reid_when != "always" and self.tracker.kind == "reference":
            raise ValueError(
                f"--reid-when {self.reid_when} goes beyond the paper, which embeds every detection; leave it out, or "
                "take another --tracker"
            )
        if self.reid_when != "always" and self.reid not in WITHOUT_PICTURES and (self.offline or self.keep_embeddings):
            option = "--offline" if self.offline else "--keep-embeddings"
            raise ValueError(
                f"{option} needs the embedding of every detection, but --reid-when is {self.reid_when}; leave it out"
            )
        when_given = reid_when not in (None, self._usual_reid_when)  # it stands there after `replace`
        for option, is_given, idle in (
            ("--reid-weights", self.reid_weights is not None, WITHOUT_NETWORK),
            ("--reid-runtime", self.reid_runtime != AUTO, WITHOUT_NETWORK),
            ("--reid-when", when_given, WITHOUT_PICTURES),
        ):
            if is_given and self.reid in idle:
                raise ValueError(f"{option} has no effect with --reid {self.reid}; name the backbone, or drop it")
