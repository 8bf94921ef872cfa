"""Training of encoders: from images of people to a checkpoint with a gate.

    from reid.training import Job, load_recipe, open_accelerator, train

Importing it imports PyTorch; `import reid` does not import this package.
"""

from reid.training.collapse import CollapseError
from reid.training.devices import is_main_process, open_accelerator
from reid.training.job import Job, SilentWatch, Watch, configuration
from reid.training.recipe import Recipe, family_recipe, load_recipe
from reid.training.run import BEST_FILE, LAST_FILE, Outcome, train

__all__ = [
    "BEST_FILE",
    "LAST_FILE",
    "CollapseError",
    "Job",
    "Outcome",
    "Recipe",
    "SilentWatch",
    "Watch",
    "configuration",
    "family_recipe",
    "is_main_process",
    "load_recipe",
    "open_accelerator",
    "train",
]
