"""Small valid inputs for every command, and a command line for each that ends well."""

from __future__ import annotations

from pathlib import Path

from torture.forks import Call, in_fork, run

__all__ = ["VALID", "WRITERS", "make_inputs"]

NUM_FRAMES = 12
FAST = ("--reid", "none", "--tracker", "deepsort")
TINY = ("--reid", "small-cnn", "--epochs", "2", "--batch", "4x4", "--eval-every", "1")
VALID: dict[str, tuple[str, ...]] = {
    "run": ("run", "clip.mp4", "--detector", "clip.txt", "--reid", "small-cnn", "--out", "new", "--overwrite"),
    "eval": ("eval", "--gt", "gt.txt", "--pred", "run/tracks.txt"),
    "mot": ("mot", "mot", *FAST, "--out", "new", "--overwrite"),
    "compare": ("compare", "clip.mp4", "--detector", "clip.txt", "--reid", "none", "--out", "new", "--overwrite"),
    "tune": ("tune", "mot", "--reid", "none", "--trials", "2", "--out", "new"),
    "link": ("link", "run", "--out", "new", "--overwrite"),
    "relabel": ("relabel", "run", "--name", "1=Anna", "--out", "new", "--overwrite"),
    "render": ("render", "run", "--style", "blur", "--out", "new", "--overwrite"),
    "zones": ("zones", "run", "--zones", "zones.yaml", "--out", "new", "--overwrite"),
    "convert": ("convert", "run", "--to", "cvat", "--out", "new", "--overwrite"),
    "train-reid": ("train-reid", "--data", "people", *TINY, "--device", "cpu", "--out", "new"),
    "eval-reid": ("eval-reid", "--data", "people", "--reid", "small-cnn", "--out", "new"),
    "export": ("export", "--reid", "small-cnn", "--to", "torchscript", "--out", "new.torchscript", "--overwrite"),
    "models": ("models", "none"),
}
"""One for each command of `track.cli.COMMANDS`."""
WRITERS = {name: words for name, words in VALID.items() if name not in {"eval", "models"}}


def make_inputs(folder: Path) -> Path:
    """A folder with a clip, detections, sequences, truth, people, weights, YAML files, and a finished run.

    Raises:
        RuntimeError: a command that makes some of it failed.
    """
    folder.mkdir(parents=True)
    in_fork(lambda: _write(folder))
    words = ("run", "clip.mp4", "--detector", "clip.txt", "--reid", "small-cnn", "--out", "run", "--keep-embeddings")
    answer = run(Call(words, folder))
    if answer.code:
        raise RuntimeError(f"the inputs could not be made: {answer.err}")
    return folder


def _write(folder: Path) -> None:
    import numpy as np

    from registry.shipped import preset_path, recipe_path
    from reid.bundled import bundled_weights
    from tests.evaluation.scenes import write
    from tests.reid.training.people import write_people
    from tests.track.media import write_images
    from tests.track.runs import TWO_WALKERS, write_sequence, write_video

    write_video(folder, num_frames=NUM_FRAMES)
    for number in (1, 2):
        write_sequence(folder / "mot" / f"s{number}")
        rows = [(f + 1, n, *w.row(f)[2:6]) for f in range(20) for n, w in enumerate(TWO_WALKERS, 1)]
        (folder / "mot" / f"s{number}" / "gt").mkdir()
        write(folder / "mot" / f"s{number}" / "gt" / "gt.txt", rows, ",1,1,1")
    write_images(folder / "pictures", [f"{number:06d}.jpg" for number in range(1, 5)])
    rows = [
        (frame + 1, number, *walker.row(frame)[2:6])
        for frame in range(NUM_FRAMES)
        for number, walker in enumerate(TWO_WALKERS, 1)
    ]
    write(folder / "gt.txt", rows, ",1,1,1")
    np.save(folder / "clip.npy", np.loadtxt(folder / "clip.txt", delimiter=",").astype(np.float32))
    write_people(folder / "people", num_train=6, num_test=4, crops=4)
    (folder / "zones.yaml").write_text("lines: {door: {from: [0.5, 1.0], to: [0.5, 0.0]}}\n")
    (folder / "tracker.yaml").write_bytes(preset_path("strong").read_bytes())
    (folder / "recipe.yaml").write_bytes(recipe_path("smoke").read_bytes())
    weights = bundled_weights("small-cnn")
    if weights is None:
        raise RuntimeError("small-cnn comes without weights")
    (folder / "weights.safetensors").write_bytes(weights.read_bytes())
