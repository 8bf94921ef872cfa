"""Everything but YOLO works where ultralytics is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "ultralytics":
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Blocked())

import numpy as np
from detectors import DetectorOptions, create_detector
from reid import create_encoder
from tracker import DeepSort

detector = create_detector("motion", DetectorOptions())
encoder = create_encoder("small-cnn")
tracker = DeepSort()
picture = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
for index in range(3):
    detector.detect(picture, index)
    xyxy = np.array([[10.0, 10.0, 50.0, 100.0]])
    embeddings = encoder.encode(picture, xyxy)
    tracks = tracker.update(xyxy, [0.9], embeddings=embeddings)

from track.cli import main
sys.argv[0] = "track"
try:
    main(["run", sys.argv[1], "--detector", "motion", "--reid", "none", "--end", "0.5", "--out", sys.argv[2]])
except SystemExit as end:
    assert end.code == 0, end.code
assert "ultralytics" not in sys.modules
print("ids", tracks.ids.tolist())
"""


def test_runs_without_ultralytics(tmp_path):
    clip = Path(__file__).parents[1] / "videos" / "plaza.mp4"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(clip), str(tmp_path / "out")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "ids [1]"
    assert (tmp_path / "out" / "annotated.mp4").is_file()
