"""What becomes final: boxes of tracks as rows, filled in, linked, smoothed, read back."""
