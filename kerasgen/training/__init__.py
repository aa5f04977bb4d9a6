"""Trains recipes: schedules, strategies, checkpoints, and `run`, which puts them together.

`preset` makes a preset of a run that has not ended.
"""

from kerasgen.reports.monitors import CollapseMonitor
from kerasgen.training.callbacks import FiniteLoss
from kerasgen.training.checkpoints import Checkpoints
from kerasgen.training.pictures import SamplePictures
from kerasgen.training.preset import preset
from kerasgen.training.runner import run
from kerasgen.training.schedule import TrainingConfig, WarmupStableDecay

__all__ = [
    "Checkpoints",
    "CollapseMonitor",
    "FiniteLoss",
    "SamplePictures",
    "TrainingConfig",
    "WarmupStableDecay",
    "preset",
    "run",
]
