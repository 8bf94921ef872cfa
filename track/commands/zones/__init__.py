"""`track zones`: draw lines and zones on a frame, and count at them in a finished run."""
