"""Rule sets: which boxes are scored, and which predictions neither count nor cost.

`mot15` to `mot20` are MOTChallenge's (Leal-Taixe et al. 2015, Milan et al. 2016, Dendorfer et al. 2020) as TrackEval
applies them; `own` is for everything else and scores class by class.
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.rows import NO_CLASS, TrackRows

__all__ = ["MOT_CLASSES", "PEDESTRIAN", "PEDESTRIAN_LABELS", "PEOPLE", "RULES", "Rules", "choose_rules"]

MOT_CLASSES = (
    "pedestrian",
    "person_on_vehicle",
    "car",
    "bicycle",
    "motorbike",
    "non_mot_vehicle",
    "static_person",
    "distractor",
    "occluder",
    "occluder_on_ground",
    "occluder_full",
    "reflection",
    "crowd",
)
"""MOTChallenge's classes, from 1 on, by the names of its devkit; crowd in 2020 only."""
PEDESTRIAN = 1
PEOPLE = ("pedestrian", "person", "people")
"""Words for class 1: MOTChallenge's, the detectors', and what people type."""
PEDESTRIAN_LABELS = frozenset({*PEOPLE, "1"})
CROWD = LAST_CLASS = 13
_DISTRACTORS = frozenset({2, 7, 8, 12})


@dataclass(frozen=True)
class Rules:
    """One rule set.

    Attributes:
        name: as in `--rules`.
        summary: what it does, in a few words.
        pedestrians_only: whether only class 1 of the ground truth is scored.
        distractors: classes whose boxes take the predictions that match them out of the score.
        by_class: whether each class is scored for itself.
        ignores_inside: whether unmatched predictions inside areas to ignore, of any class, are taken out.
    """

    name: str
    summary: str
    pedestrians_only: bool = False
    distractors: frozenset[int] = frozenset()
    by_class: bool = False
    ignores_inside: bool = False


_MOT16 = "pedestrians; matches of people on vehicles, static people, reflections and distractors do not count"
RULES = {
    rules.name: rules
    for rules in (
        Rules("mot15", "rows with flag 0 are left out, classes are not looked at"),
        Rules("mot16", _MOT16, pedestrians_only=True, distractors=_DISTRACTORS),
        Rules("mot17", _MOT16, pedestrians_only=True, distractors=_DISTRACTORS),
        Rules("mot20", f"{_MOT16}, nor of vehicles", pedestrians_only=True, distractors=_DISTRACTORS | {6}),
        Rules("own", "class by class; boxes inside areas to ignore do not count", by_class=True, ignores_inside=True),
    )
}


def choose_rules(name: str, truth: TrackRows, prediction: TrackRows, *, own_labels: bool) -> tuple[Rules, str]:
    """The rule set that fits the files, and why.

    Args:
        name: of the sequence; `MOT16-...`, `MOT17-...` and `MOT20-...` tell their rules.
        truth: the annotations.
        prediction: the boxes to score.
        own_labels: whether the annotations came with a list of classes of their own.
    """
    if not truth.has_classes:
        return RULES["mot15"], "the ground truth tells no classes"
    for known in ("mot16", "mot17", "mot20"):
        if name.lower().startswith(known):
            return RULES[known], "by the name of the sequence"
    classes = sorted(set(truth.class_ids.tolist()))
    text = ", ".join(truth[~truth.areas].labels or truth.labels)
    if own_labels or truth.class_names:
        return RULES["own"], f"the ground truth names its classes: {text}"
    if classes[0] < PEDESTRIAN or classes[-1] > LAST_CLASS or PEDESTRIAN not in classes:
        return RULES["own"], f"the classes of the ground truth are {text}"
    text = ", ".join(truth.labels)
    if prediction.class_names or set(prediction.class_ids.tolist()) <= {NO_CLASS, 0, PEDESTRIAN}:
        year = "mot20" if CROWD in classes else "mot17"
        reason = f"has MOTChallenge's classes {text}" if len(classes) > 1 else f"has class {text} only"
        return RULES[year], f"the ground truth {reason}"
    return RULES["own"], "both files tell classes"
