"""`track models`: what there is, and what it costs."""
