"""Finished runs drawn on their video again."""
