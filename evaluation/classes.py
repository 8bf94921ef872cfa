"""Which rows are scored together: class by class, by name or number, or all as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from evaluation.rows import NO_CLASS, BoolArray, TrackRows
from evaluation.rules import MOT_CLASSES, PEDESTRIAN, PEDESTRIAN_LABELS, PEOPLE, Rules
from registry import close_names, unknown_name

__all__ = ["ANY", "only_pedestrians", "split_by_class"]

ANY = "any"
"""In place of class names: all boxes are of one class."""
_PEOPLE = PEOPLE[:2]
"""What files call them."""
_NUMBER_OF = {name: number for number, name in enumerate(MOT_CLASSES, start=1)} | dict.fromkeys(PEOPLE, PEDESTRIAN)

Unit = tuple[str, TrackRows, TrackRows]


def split_by_class(
    truth: TrackRows, prediction: TrackRows, rules: Rules, classes: Sequence[str], warnings: list[str]
) -> Iterable[Unit]:
    """What is scored for itself: a class (empty where classes are not looked at), and its rows of both files.

    Args:
        truth: the annotations.
        prediction: the boxes to score.
        rules: rule set.
        classes: only these, by name or number; `ANY` alone takes all boxes as one class; empty for all.
        warnings: gets a sentence where boxes are left out.

    Raises:
        ValueError: the files have no class in common, or the prediction does not tell which one it holds.
    """
    if tuple(classes) == (ANY,):
        return [("", truth, prediction)]
    if not rules.by_class or not truth.has_classes:
        _refuse_half_a_choice(truth, rules, classes)
        label = "pedestrian" if rules.pedestrians_only else ""
        return [(label, truth, _without_classes(truth, prediction, rules, classes, warnings))]
    if not truth.class_names:
        truth, prediction = _with_names(truth, classes), _with_names(prediction, classes)
    labels = [_known(label, truth) for label in classes] or list(_objects(truth).labels)
    if prediction.has_classes:
        return _class_by_class(labels, truth, prediction, bool(classes), warnings)
    if len(labels) > 1:
        raise ValueError(
            f"{prediction.path} tells no classes, but {truth.path} has {', '.join(labels)}: --classes {labels[0]} says "
            f"which one it holds, --classes {ANY} scores all as one, or put the class in column 8"
        )
    return [(labels[0], _annotated(truth, labels[0]), prediction)]


def only_pedestrians(classes: Sequence[str], truth: TrackRows) -> bool:
    """Whether what is asked for is MOTChallenge's class 1, by name or number, and nothing else."""
    is_theirs = not truth.class_names or truth.label_of(PEDESTRIAN).lower() == _PEOPLE[0]
    own = {name.lower() for number, name in truth.class_names.items() if number != PEDESTRIAN}
    return bool(classes) and is_theirs and {label.lower() for label in classes} <= PEDESTRIAN_LABELS - own


def _refuse_half_a_choice(truth: TrackRows, rules: Rules, classes: Sequence[str]) -> None:
    """Predictions of a class alone, held against the ground truth of more, would miss what nobody asked for."""
    if not classes or not truth.has_classes or (rules.pedestrians_only and only_pedestrians(classes, truth)):
        return
    asked = ",".join(classes)
    if rules.pedestrians_only:
        reason = f"which score class {PEDESTRIAN} of {truth.path}, there named {truth.label_of(PEDESTRIAN)}"
    else:
        reason = f"which do not look at the classes of {truth.path}"
    others = ", or mot16, mot17, mot20 for pedestrians" if only_pedestrians(classes, truth) else ""
    raise ValueError(
        f"--classes {asked} cannot be had with --rules {rules.name}, {reason}: use --rules own{others}, or leave "
        "--classes out"
    )


def _with_names(rows: TrackRows, classes: Sequence[str]) -> TrackRows:
    """With MOTChallenge's names for its numbers, where they are asked for and the file has no names of its own."""
    if rows.class_names or not any(label.lower() in _NUMBER_OF for label in classes):
        return rows
    return dataclasses.replace(rows, class_names=dict(enumerate(MOT_CLASSES, start=1)))


def _class_by_class(
    labels: Sequence[str], truth: TrackRows, prediction: TrackRows, asked: bool, warnings: list[str]
) -> list[Unit]:
    units = [(label, _annotated(truth, label), _of_class(prediction, label, truth)) for label in labels]
    if len(prediction) and not any(len(predicted) for _, _, predicted in units):
        raise ValueError(
            f"no class in common: {truth.path} has {', '.join(labels)}, {prediction.path} has "
            f"{', '.join(prediction.labels)}; name the classes 1, 2, ... in a labels.txt beside the ground truth, or "
            f"use --classes {ANY}"
        )
    left_out = len(prediction) - sum(len(predicted) for _, _, predicted in units)
    if left_out and not asked:
        warnings.append(
            f"{left_out} boxes of {prediction.path} were left out: the ground truth does not have their classes"
        )
    return units


def _objects(truth: TrackRows) -> TrackRows:
    """The annotations without the areas to ignore; all of them where there is nothing else."""
    return truth if truth.areas.all() else truth[~truth.areas]


def _annotated(truth: TrackRows, label: str) -> TrackRows:
    """The annotations of a class, and the areas in which boxes of any class are ignored."""
    return truth[truth.of_label(label) | truth.areas]


def _of_class(rows: TrackRows, label: str, truth: TrackRows) -> TrackRows:
    """The rows of a class of the ground truth, by its name, or by its number in a file without names."""
    chosen = rows.of_label(label)
    if label == _PEOPLE[0] and rows is not truth:
        chosen |= rows.of_label(_PEOPLE[1])
    if not rows.class_names:
        number = next((i for i in set(truth.class_ids.tolist()) if truth.label_of(i) == label), NO_CLASS)
        chosen |= (rows.class_ids == number) & (number != NO_CLASS)
    return rows[chosen]


def _known(label: str, truth: TrackRows) -> str:
    """The class of the ground truth that `label` names: its own name or number first, then other words for people."""
    others = PEOPLE if label.lower() in PEOPLE else ()
    truth = _objects(truth)
    for word in (label.lower(), *others):
        for class_id in np.unique(truth.class_ids).tolist():
            if class_id != NO_CLASS and word in (truth.label_of(class_id).lower(), str(class_id)):
                return truth.label_of(class_id)
    raise _unknown(label, truth)


def _unknown(label: str, rows: TrackRows) -> ValueError:
    """For a class that a file does not have; where it has numbers alone, with MOTChallenge's names for them."""
    hint = f"What can be scored are the classes of {rows.path}."
    if not rows.class_names or tuple(rows.class_names.values()) == MOT_CLASSES:
        names = ", ".join(f"{number} {name}" for number, name in enumerate(MOT_CLASSES, start=1))
        hint += f" Numbers may be given by MOTChallenge's names: {names}."
        there = [name for name, number in _NUMBER_OF.items() if (rows.class_ids == number).any()]
        if close_names(label, there):
            return unknown_name("class", label, there, hint=hint)
    return unknown_name("class", label, rows.labels, hint=hint)


def _without_classes(
    truth: TrackRows, prediction: TrackRows, rules: Rules, classes: Sequence[str], warnings: list[str]
) -> TrackRows:
    """The predictions to score where the ground truth is of one kind."""
    if only_pedestrians(classes, truth) and not prediction.class_names:
        return prediction[prediction.class_ids <= PEDESTRIAN]
    if classes and not (rules.pedestrians_only and only_pedestrians(classes, truth)):
        return _asked_for(truth, prediction, classes)
    if prediction.class_names and rules.pedestrians_only:
        return _people(prediction, bool(classes), warnings)
    if rules.pedestrians_only and len(other := prediction.class_ids[prediction.class_ids > PEDESTRIAN]):
        raise ValueError(
            f"{prediction.path} has class {other[0]}, but {rules.name} scores pedestrians (class 1 or -1) only: leave "
            "the others out, or use --rules own"
        )
    if len(prediction.labels) > 1:
        reason, fix = f"{truth.path} tells no classes", "--classes keeps some of them"
        if truth.has_classes:
            reason, fix = f"{rules.name} does not look at classes", "--rules own scores each for itself"
        warnings.append(
            f"{reason}, so all those of {prediction.path} are scored as one ({', '.join(prediction.labels)}): {fix}"
        )
    return prediction


def _asked_for(truth: TrackRows, prediction: TrackRows, classes: Sequence[str]) -> TrackRows:
    if not prediction.has_classes:
        raise ValueError(
            f"--classes has no effect: neither {truth.path} nor {prediction.path} tells classes; leave it out"
        )
    prediction = _with_names(prediction, classes)
    chosen = np.zeros(len(prediction), bool)
    for label in classes:
        of_label = prediction.of_label(label)
        if label.lower() == _PEOPLE[0] or (label.lower() in PEOPLE and not of_label.any()):
            of_label |= _of_people(prediction)
        if not of_label.any():
            raise _unknown(label, prediction)
        chosen |= of_label
    return prediction[chosen]


def _of_people(rows: TrackRows) -> BoolArray:
    return rows.of_label(_PEOPLE[0]) | rows.of_label(_PEOPLE[1])


def _people(prediction: TrackRows, asked: bool, warnings: list[str]) -> TrackRows:
    chosen = _of_people(prediction)
    if not chosen.any():
        labels = ", ".join(prediction.labels)
        warnings.append(f"{prediction.path} tells no people, so all its boxes ({labels}) are scored as pedestrians")
        return prediction
    if not chosen.all() and not asked:
        warnings.append(
            f"{int((~chosen).sum())} boxes of {prediction.path} were left out: their class is neither "
            f"{' nor '.join(_PEOPLE)}"
        )
    return prediction[chosen]
