"""Tracks + ground truth -> HOTA, CLEAR and Identity, with the mistakes that files tend to have found before."""

from evaluation.evaluate import EvalOptions, Report, Result, evaluate, merge_reports
from evaluation.events import Event
from evaluation.files import GroundTruth, Pair, find_ground_truth, find_pairs, is_sequence, without_truth
from evaluation.metrics import COUNTS, PERCENTAGES, Scores
from evaluation.rules import RULES

__all__ = [
    "COUNTS",
    "PERCENTAGES",
    "RULES",
    "EvalOptions",
    "Event",
    "GroundTruth",
    "Pair",
    "Report",
    "Result",
    "Scores",
    "evaluate",
    "find_ground_truth",
    "find_pairs",
    "is_sequence",
    "merge_reports",
    "without_truth",
]
