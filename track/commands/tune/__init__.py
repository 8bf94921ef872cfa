"""`track tune`: settings of the tracker for one's own videos, and what they gain where they were not chosen."""
