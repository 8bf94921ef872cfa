"""`track compare`: encoders and trackers side by side on the same detections."""
