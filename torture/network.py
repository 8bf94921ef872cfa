"""Every command without a network: none asks for an address, with the switch or without it."""

from __future__ import annotations

from torture.campaign import Effort, Tally, each, fresh
from torture.forks import Call, homes, run
from torture.scene import FAST, VALID, make_inputs
from torture.verdict import faults

__all__ = ["network"]

LOCAL = {
    **VALID,
    "run with motion": ("run", "clip.mp4", "--detector", "motion", *FAST, "--out", "new"),
    "run with pictures": ("run", "pictures", "--detector", "motion", *FAST, "--out", "new"),
    "run --offline": ("run", "clip.mp4", "--detector", "clip.txt", "--offline", *FAST, "--out", "new"),
    "eval-reid synthetic": ("eval-reid", "--data", "synthetic:12x4", "--out", "new"),
    "export onnx": ("export", "--reid", "small-cnn", "--to", "onnx", "--out", "new.onnx"),
    "--help": ("--help",),
    "--version": ("--version",),
    **{f"{name} --help": (name, "--help") for name in VALID},
}
"""Need nothing that is not here: exit 0, and no address is looked up."""
REMOTE = {
    "run auto": ("run", "clip.mp4", *FAST, "--out", "new"),
    "run yolo": ("run", "clip.mp4", "--detector", "yolo", *FAST, "--out", "new"),
    "run yolo11s.pt": ("run", "clip.mp4", "--detector", "yolo11s.pt", *FAST, "--out", "new"),
    "run http": ("run", "http://192.0.2.1/x.mp4", *FAST, "--out", "new"),
    "run rtsp": ("run", "rtsp://192.0.2.1/x", *FAST, "--out", "new"),
    "run udp": ("run", "udp://192.0.2.1:9", *FAST, "--out", "new"),
    "run timm": ("run", "clip.mp4", "--detector", "clip.txt", "--reid", "timm:resnet18", "--out", "new"),
    "run imagenet": (
        "run", "clip.mp4", "--detector", "clip.txt", "--reid", "resnet50", "--reid-weights", "imagenet", "--out", "new",
    ),
    "mot yolo": ("mot", "mot", "--detector", "yolo", "--reid", "none", "--out", "new"),
    "compare auto": ("compare", "clip.mp4", "--reid", "none", "--out", "new"),
    "train-reid imagenet": ("train-reid", "--data", "people", "--reid", "resnet50", "--pretrained", "imagenet"),
    "eval-reid imagenet": ("eval-reid", "--data", "people", "--reid", "resnet50", "--reid-weights", "imagenet"),
    "export imagenet": ("export", "--reid", "resnet50", "--reid-weights", "imagenet", "--to", "onnx"),
    "export int8 auto": ("export", "--reid", "small-cnn", "--to", "openvino", "--int8", "--calibrate", "clip.mp4"),
    "models timm": ("models", "timm:resnet18"),
}  # fmt: skip
"""Would fetch something: 0 or one line; with the switch nothing is looked up."""
SWITCH = {"TRACK_OFFLINE": "1"}


def network(effort: Effort, tally: Tally) -> None:
    """Try all; with the switch off, a lookup of what would be fetched is no fault."""
    inputs = make_inputs(effort.folder / "inputs")
    cases = [(name, words, switch) for name, words in {**LOCAL, **REMOTE}.items() for switch in (False, True)]
    effort.choices("network").shuffle(cases)
    for number in each(effort, cases):
        name, words, switch = cases[number]
        folder = fresh(effort.folder / "case", inputs)
        answer = run(Call(words, folder, homes(folder) | (SWITCH if switch else {"TRACK_OFFLINE": ""})))
        found = faults(answer, codes=frozenset({0}) if name in LOCAL else frozenset({0, 2}))
        if name in REMOTE and not switch:
            found = [fault for fault in found if not fault.startswith(("outside: looked up", "outside: connected"))]
        tally.add(f"{name}{' with TRACK_OFFLINE=1' if switch else ''}", found)
    tally.remarks.append(f"{tally.tried} of {len(cases)} command lines")
