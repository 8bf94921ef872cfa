"""Scores of tracks, printed or as JSON and CSV."""
