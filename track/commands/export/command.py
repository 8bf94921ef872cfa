"""`track export`: an encoder for another runtime."""

from __future__ import annotations

from track.commands.export import options
from track.run import options as tracking
from track.terminal.errors import unknown_to_the_parser

__all__ = ["export_command"]


def export_command(
    reid: options.Reid,
    to: options.To,
    half: options.Half = False,
    int8: options.Int8 = False,
    calibrate: options.Calibrate = None,
    detector: options.Detector = "auto",
    reid_weights: options.ReidWeights = None,
    input_size: options.InputSize = None,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    seed: tracking.Seed = 0,
    trust: tracking.Trust = False,
    debug: tracking.Debug = False,
) -> None:
    """Write an encoder for ONNX Runtime, OpenVINO or TorchScript, if it gives what PyTorch gives.

    In float32 that is to 1e-4 of the largest component and to a cosine of 0.999999.
    """
    if half and int8:
        raise ValueError("--half and --int8 exclude each other; drop one")
    with unknown_to_the_parser():
        from track.commands.export.export import ExportConfig, export, print_export
        from track.terminal.console import open_console
        from track.terminal.options import parse_size
        from track.terminal.progress import ConsoleProgress

        config = ExportConfig(
            reid=reid,
            to=to,
            precision="fp16" if half else "int8" if int8 else "fp32",
            calibrate=calibrate,
            detector=detector,
            weights=reid_weights,
            input_size=parse_size(input_size),
            seed=seed,
            trust=trust,
            out=out,
            overwrite=overwrite,
        )
        print_export(export(config, ConsoleProgress(open_console(debug))))
