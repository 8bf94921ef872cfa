"""A tracker's preset, shipped or the user's own YAML file, read and validated."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from registry import unknown_name
from registry.settings import read_settings
from registry.shipped import preset_names, preset_path
from tracker import KINDS
from tracker.config import TrackerConfig
from tracker.reference import check_paper

__all__ = ["DEFAULT_PRESET", "DEFAULT_REFRESH", "REID_WHEN", "TrackerPreset", "load_preset"]


_KEYS = ("description", "version", "base", "kind", "tracker", "reid", "every")
REID_WHEN = ("always", "ambiguous")
DEFAULT_REFRESH = 30
DEFAULT_PRESET = "strong"


@dataclass(frozen=True)
class TrackerPreset:
    """A tracker's settings with where they come from.

    Attributes:
        name: preset name or path of the YAML file.
        config: the settings.
        kind: of the tracker that takes them, one of `tracker.KINDS`.
        own_gate: whether a user's own file sets the appearance gate; it then outranks the gate of a checkpoint.
        class_groups: where a file names classes, its groups as they stand there; see `track.setup.class_groups`.
        class_groups_file: name of the file that holds them, for errors.
        reid_when: `always` embeds every detection, `ambiguous` those that motion alone cannot place, see
            `tracker.ambiguity`.
        reid_refresh: detector frames after which a track is embedded again all the same.
        every: the detector looks at each n-th frame.
        version: of a shipped preset: another one tracks otherwise; of a user's file, what it says.
    """

    name: str = DEFAULT_PRESET
    config: TrackerConfig = field(default_factory=TrackerConfig)
    own_gate: bool = False
    class_groups: str = ""
    class_groups_file: str = ""
    reid_when: str = "always"
    reid_refresh: int = DEFAULT_REFRESH
    every: int = 1
    kind: str = KINDS[0]
    version: int = 1


def load_preset(name_or_path: str) -> TrackerPreset:
    """The preset of that name, or the settings in a YAML file; what a file leaves out is as in its `base` (`strong`,
    or `deepsort` for a file of `kind: reference`).

    Raises:
        ValueError: unknown preset, or a file whose keys or values do not fit: names the key, its value and what was
            expected.
        FileNotFoundError: no such file.
    """
    is_file = name_or_path.endswith((".yaml", ".yml")) or "/" in name_or_path
    if not is_file and name_or_path not in preset_names():
        hint = "A path to a YAML file (*.yaml) works too."
        raise unknown_name("tracker preset", name_or_path, preset_names(), hint=hint)
    path = Path(name_or_path) if is_file else preset_path(name_or_path)
    if not path.is_file():
        raise FileNotFoundError(f"tracker file {name_or_path!r} not found; presets are {', '.join(preset_names())}")
    content = read_settings(path, f"keys: {', '.join(_KEYS)}")
    _check_keys(path.name, content)
    if not isinstance(content.get("description", ""), str):
        raise ValueError(f"{path.name}: description is {content['description']!r}, expected a text")
    settings = {} if content.get("tracker") is None else content["tracker"]
    base = _base_of(path.name, content) if is_file or "base" in content else TrackerPreset(config=TrackerConfig())
    groups = _named_groups(settings)
    config = _validated(path.name, {**settings, "class_groups": ""} if groups else settings, base.config)
    kind = _kind(path.name, content.get("kind", base.kind), config)
    if "max_age" in settings:
        config = _counted_in_frames(path.name, settings, config)
    return TrackerPreset(
        name_or_path,
        config,
        own_gate=is_file and "max_cosine_distance" in settings,
        class_groups=groups,
        class_groups_file=path.name if groups else "",
        every=_whole(path.name, "every", content.get("every", base.every)),
        kind=kind,
        version=_whole(path.name, "version", content.get("version", 1)),
        **_appearance(path.name, content.get("reid"), base),
    )


def _kind(source: str, kind: Any, config: TrackerConfig) -> str:
    """The kind of tracker, which must take these settings."""
    if kind not in KINDS:
        raise ValueError(f"{source}: {unknown_name('kind', str(kind), KINDS)}")
    if kind == "reference":
        try:
            check_paper(config)
        except ValueError as error:
            raise ValueError(f"{source}: tracker.{error}") from error
    return str(kind)


def _named_groups(settings: Any) -> str:
    """`class_groups` with names of classes; empty where there are none, or ids alone. Shipped presets name none."""
    given = settings.get("class_groups") if isinstance(settings, dict) else None
    return given if isinstance(given, str) and any(letter.isalpha() for letter in given) else ""


def _counted_in_frames(source: str, settings: dict[str, Any], config: TrackerConfig) -> TrackerConfig:
    """`config` without the `max_age_s` of its base, which would outrank the file's own `max_age`."""
    if settings.get("max_age_s"):
        raise ValueError(f"{source}: max_age has no effect beside max_age_s {config.max_age_s:g}; leave one out")
    return dataclasses.replace(config, max_age_s=0.0)


def _appearance(source: str, settings: Any, base: TrackerPreset) -> dict[str, Any]:
    """`reid_when` and `reid_refresh`, from what stands under `reid`."""
    settings = {} if settings is None else settings
    if not isinstance(settings, dict):
        raise ValueError(f"{source}: key 'reid' holds {settings!r}, expected settings such as 'when: ambiguous'")
    for key in settings:
        if key not in ("when", "refresh"):
            raise ValueError(f"{source}: {unknown_name('key', str(key), ('when', 'refresh'), prefix='reid.')}")
    when = settings.get("when", base.reid_when)
    if when not in REID_WHEN:
        raise ValueError(f"{source}: {unknown_name('reid.when', str(when), REID_WHEN)}")
    return {
        "reid_when": when,
        "reid_refresh": _whole(source, "reid.refresh", settings.get("refresh", base.reid_refresh)),
    }


def _whole(source: str, key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{source}: {key} is {value!r}, expected a whole number from 1")
    return value


def _check_keys(source: str, content: dict[str, Any]) -> None:
    for key in content:
        if key in get_type_hints(TrackerConfig):
            raise ValueError(f"{source}: key {key!r} belongs under 'tracker:'; write tracker: {{{key}: ...}}")
        if key not in _KEYS:
            raise ValueError(f"{source}: {unknown_name('key', str(key), _KEYS)}")


def _base_of(source: str, content: dict[str, Any]) -> TrackerPreset:
    """The settings of the preset that a file builds on."""
    name = content.get("base", "deepsort" if content.get("kind") == "reference" else DEFAULT_PRESET)
    if name not in preset_names():
        raise ValueError(f"{source}: {unknown_name('base', str(name), preset_names())}")
    return load_preset(name)


def _validated(source: str, settings: Any, base: TrackerConfig) -> TrackerConfig:
    """`base` with `settings` on top; the first thing that does not fit is the error."""
    from pydantic import ConfigDict, ValidationError, create_model

    if not isinstance(settings, dict):
        raise ValueError(f"{source}: key 'tracker' holds {settings!r}, expected settings such as 'max_age: 30'")
    types = get_type_hints(TrackerConfig)
    where = f"All keys stand in {preset_path('deepsort')}"
    for key in settings:
        if key not in types:
            raise ValueError(f"{source}: {unknown_name('key', str(key), types, prefix='tracker.', where=where)}")
    fields: dict[str, Any] = {name: (types[name], value) for name, value in dataclasses.asdict(base).items()}
    try:
        checked = create_model("TrackerSettings", __config__=ConfigDict(strict=True), **fields).model_validate(settings)
        return TrackerConfig(**checked.model_dump())
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(("tracker", *map(str, first["loc"])))
        expected = first["msg"].removeprefix("Input should be ")
        raise ValueError(f"{source}: {key} is {first['input']!r}, expected {expected}") from error
    except ValueError as error:
        raise ValueError(f"{source}: tracker.{error}") from error
