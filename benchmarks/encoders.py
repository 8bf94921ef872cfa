"""Crops per second of our backbones beside timm's and torchvision's, in turns in one process.

python benchmarks/encoders.py --size 128x64 --batch 16 --threads 2 swin-t dilateformer-t timm:swin_tiny tv:swin_t
python benchmarks/encoders.py --runtimes dogenet50 swin-t

`timm:swin_tiny` is timm's Swin-T at the size and with the window of ours, other `timm:` and `tv:` names are networks of
timm and torchvision. All run in eager PyTorch, float32, on the CPU; `--runtimes` times ours in every installed runtime
instead. The last columns say how fast a contender is for its multiply-accumulates, beside the first one in the list.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from reid import create_backbone
from reid.cost import cost
from reid.speed import installed_runtimes, speeds

CONTENDERS = (
    "timm:swin_tiny", "tv:swin_t", "swin-t", "dilateformer-t", "crossformer-t",
    "timm:resnet50", "tv:resnet50", "resnet50", "dogenet50",
)  # fmt: skip
SWIN_TINY = "swin_tiny_patch4_window7_224"
WARM_UP = 2


def build(name: str, size: tuple[int, int]) -> nn.Module:
    """A network in `eval()` mode, convolutions channels-last as in a run."""
    source, _, bare = name.rpartition(":")
    if source == "tv":
        network = torchvision.models.get_model(bare)
    elif bare == "swin_tiny":
        window = create_backbone("swin-t", input_size=size).window
        network = timm.create_model(SWIN_TINY, num_classes=0, img_size=size, window_size=window)
    else:
        network = create_backbone(name, input_size=size)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)
    return network.eval()


def num_macs(name: str, network: nn.Module, size: tuple[int, int]) -> int:
    """Multiply-accumulates of one crop."""
    if not name.startswith(("tv:", "timm:swin_tiny")):
        return cost(name, size).macs
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, *size))
    return int(counter.get_total_flops()) // 2


def take_turns(contenders: dict[str, Callable[[], object]], turns: int) -> dict[str, tuple[list[float], list[float]]]:
    """Wall and CPU seconds of each turn; who begins changes, so that no one always follows the same neighbour."""
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in contenders}
    order = list(contenders)
    for turn in range(WARM_UP + turns):
        for name in order[turn % len(order) :] + order[: turn % len(order)]:
            wall, cpu = time.perf_counter(), time.process_time()
            contenders[name]()
            if turn >= WARM_UP:
                times[name][0].append(time.perf_counter() - wall)
                times[name][1].append(time.process_time() - cpu)
    return times


def compare(names: list[str], size: tuple[int, int], batch: int, turns: int) -> list[dict[str, Any]]:
    """Print and return one row a contender."""
    crops = torch.randn(batch, 3, *size)
    networks = {name: build(name, size) for name in names}
    with torch.inference_mode():
        times = take_turns({name: lambda net=net: net(crops) for name, net in networks.items()}, turns)  # type: ignore[misc]
    print("name                    crops/s  (10-90 % of turns)   MMACs  CPU GMAC/s: median, best  to the first")
    first: tuple[float, float] | None = None
    rows: list[dict[str, Any]] = []
    for name, (wall, cpu) in times.items():
        macs = num_macs(name, networks[name], size)
        slow, middle, fast = batch / np.percentile(wall, [90, 50, 10])
        rates = (macs * batch / float(np.median(cpu)) / 1e9, macs * batch / min(cpu) / 1e9)
        first = first or rates
        shares = " ".join(f"{rate / base:.2f}" for rate, base in zip(rates, first, strict=True))
        print(
            f"{name:22s} {middle:8.1f}  ({slow:.1f} to {fast:.1f})".ljust(53)
            + f"{macs / 1e6:7.0f}  {rates[0]:15.1f} {rates[1]:8.1f}  {shares}"
        )
        spread = {"low": slow, "crops_per_s": middle, "high": fast}
        rows.append({"name": name, **spread, "million_macs": macs / 1e6, "cpu_gmacs_per_s": rates[0]})
    return rows


def compare_runtimes(names: list[str], size: tuple[int, int]) -> list[dict[str, Any]]:
    """Print and return crops/s in each installed runtime."""
    print("name".ljust(22), *(f"{runtime:>10s}" for runtime in installed_runtimes()), " crops/s, best to torch")
    rows: list[dict[str, Any]] = []
    for name in names:
        found = dict(speeds(name, size))
        rows.append({"name": name, "crops_per_s": found})
        cells = [f"{speed:10.1f}" if speed else f"{'no':>10s}" for speed in found.values()]
        print(name.ljust(22), *cells, f" {max(filter(None, found.values())) / (found['torch'] or 1):.2f}", flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(CONTENDERS))
    parser.add_argument("--size", default="128x64", help="HEIGHTxWIDTH px")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--runtimes", action="store_true", help="time our names in every installed runtime")
    parser.add_argument("--json", type=Path, help="file for all measurements")
    args = parser.parse_args(arguments)
    height, width = map(int, args.size.split("x"))
    torch.set_num_threads(args.threads)
    if args.runtimes:
        rows = compare_runtimes([name for name in args.names if ":" not in name], (height, width))
    else:
        rows = compare(args.names, (height, width), args.batch, args.turns)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
