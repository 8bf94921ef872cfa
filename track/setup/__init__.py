"""Before the first frame: what was asked for, checked, resolved and loaded."""
