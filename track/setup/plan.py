"""A run, resolved once: names have become objects, and whoever takes part is handed its part of them.

`resolve` is the last that knows the configuration (but for `summary.json`, which tells it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from track.places.file import read_places
from track.places.types import Places
from track.setup.config import RunConfig
from track.setup.loading import load_models
from track.setup.parts import Models
from track.sinks.styles import DEFAULT_STYLE, HIDING
from track.sources import Source, open_source
from tracker.offline.linking import LinkConfig

__all__ = ["Plan", "RowsPlan", "plan_of", "resolve"]


@dataclass(frozen=True)
class RowsPlan:
    """How rows become final.

    Attributes:
        online: each frame's at once, without the boxes from before a track was confirmed.
        smooth: at the end, each track smoothed over all of it.
        links: at the end, tracks linked with these settings; `None` for no linking.
    """

    online: bool = False
    smooth: bool = False
    links: LinkConfig | None = None

    @property
    def come_at_the_end(self) -> bool:
        """Whether rows are kept until the end and changed there, before they are written."""
        return self.smooth or self.links is not None


@dataclass(frozen=True)
class Plan:
    """Everything that a run does its work with.

    Attributes:
        source: where frames come from.
        models: what each frame goes through.
        every: the detector looks at each n-th frame.
        rows: how rows become final.
        draws: whether there will be an annotated video.
        style: of that video.
        crops: most crops to keep of each identity.
        keeps_embeddings: whether all detections and embeddings are written, too.
        places: lines and zones to count at, in px.
        read_again: opens the source once more, to draw rows that are known only at the end.
    """

    source: Source
    models: Models
    every: int = 1
    rows: RowsPlan = field(default_factory=RowsPlan)
    draws: bool = False
    style: str = DEFAULT_STYLE
    crops: int = 0
    keeps_embeddings: bool = False
    places: Places | None = None
    read_again: Callable[[], Source] | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height (px) of the source's frames, as far as it tells."""
        return size_of_source(self.source)

    @property
    def links(self) -> LinkConfig | None:
        """How tracks are linked at the end, under the gate that holds then; `None` for no linking."""
        if self.models.gate is None or self.rows.links is None:
            return self.rows.links
        return replace(self.rows.links, max_cosine=self.models.tracker.config.max_cosine_distance)

    @property
    def draws_on_the_way(self) -> bool:
        """Whether pictures are drawn on while frames are tracked, and not in a second reading."""
        return self.draws and not self.draws_afterwards

    @property
    def draws_afterwards(self) -> bool:
        """Whether it takes a second reading: rows change at the end, or whoever comes soon is hidden already."""
        return self.draws and (self.rows.come_at_the_end or self.hides)

    @property
    def hides(self) -> bool:
        """Whether people are hidden in the video."""
        return self.draws and self.style == HIDING

    @property
    def keeps_detections(self) -> bool:
        """Whether all detections are wanted at the end."""
        return self.keeps_embeddings or self.rows.links is not None


def size_of_source(source: Source) -> tuple[int, int] | None:
    """Width and height (px) of the frames of a source, as far as it tells."""
    return (source.width, source.height) if source.width and source.height else None


def resolve(config: RunConfig, source: Source) -> Plan:
    """Load what `config` names for `source`, and decide everything that follows from it.

    Raises:
        ValueError, FileNotFoundError: a name, a file or a class that is not there, or things that do not fit together.
    """
    return plan_of(config, source, load_models(config, source))


def plan_of(config: RunConfig, source: Source, models: Models) -> Plan:
    """The plan of a run with models that are loaded."""
    settings = models.tracker.config
    links = LinkConfig(
        max_cosine=settings.max_cosine_distance,
        class_vote=settings.class_vote,
        class_groups=settings.class_groups,
    )
    return Plan(
        source=source,
        models=models,
        every=config.every or 1,
        rows=RowsPlan(config.online, config.smooth, links if config.offline else None),
        draws=config.video and source.has_images,
        style=config.style,
        crops=config.crops,
        keeps_embeddings=config.keep_embeddings,
        places=None if config.zones is None else read_places(config.zones, size_of_source(source)),
        read_again=lambda: open_source(config.source, start_s=config.start_s, end_s=config.end_s),
    )
