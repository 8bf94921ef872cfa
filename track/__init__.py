"""The `track` command: video in, tracks and an annotated video out."""
