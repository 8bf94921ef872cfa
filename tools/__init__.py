"""What keeps the project, and is no part of it: called by the Makefile, not in the wheel."""
