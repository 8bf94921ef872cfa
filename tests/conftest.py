"""What tests share: the optional folder of real data beside the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("YOLO_OFFLINE", "true")  # ultralytics: no telemetry and no downloads in tests
os.environ.setdefault("OMP_NUM_THREADS", "1")  # small tensors: threads would only wait for one another

# A busy machine is no reason to fail: these tests are about results, not about time.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real clips, sequences and weights; tests that need them are skipped where the folder is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real data not found: {SHARED.name}/ beside the project is absent")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Converted networks go to a folder of this test run, not to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
