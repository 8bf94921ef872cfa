"""Folders and files of a run: taken, written whole or not at all."""
