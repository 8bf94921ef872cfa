"""After the run: finished tracks are linked over gaps, filled and smoothed."""
