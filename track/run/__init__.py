"""One video from source to files; `pipeline.py` is the main path."""
