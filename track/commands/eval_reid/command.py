"""`track eval-reid`: measure an appearance encoder."""

from __future__ import annotations

from registry.defaults import DEFAULT_ENCODER
from track.commands.eval_reid import options
from track.run import options as tracking
from track.terminal.errors import unknown_to_the_parser

__all__ = ["eval_reid_command"]


def eval_reid_command(
    data: options.Data = None,
    reid: options.Reid = DEFAULT_ENCODER,
    reid_weights: options.ReidWeights = None,
    reid_runtime: options.ReidRuntime = "auto",
    rerank: options.Rerank = False,
    rotate: options.Rotate = None,
    false_match_rate: options.FalseMatchRate = 0.01,
    store_gate: options.StoreGate = False,
    pictures: options.Pictures = 0,
    out: options.Out = None,
    as_json: options.Json = False,
    device: options.Device = "auto",
    seed: options.Seed = 0,
    trust: tracking.Trust = False,
    debug: tracking.Debug = False,
) -> None:
    """Measure how well an appearance encoder finds people again, and which gate belongs to it."""
    with unknown_to_the_parser():
        from track.commands.eval_reid.measure import EvalConfig, data_sources, eval_reid, parse_angles
        from track.commands.eval_reid.report import print_evaluation
        from track.terminal.console import open_console

        config = EvalConfig(
            sources=data_sources(data),
            reid=reid,
            reid_weights=reid_weights,
            reid_runtime=reid_runtime,
            rerank=rerank,
            angles=parse_angles(rotate),
            false_match_rate=false_match_rate,
            store_gate=store_gate,
            num_pictures=pictures,
            out=out,
            device=device,
            seed=seed,
            trust=trust,
        )
        print_evaluation(config, eval_reid(config, open_console(debug)), as_json)
