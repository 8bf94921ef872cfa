"""`track link`: link the tracks of a finished run."""
