"""Tracks + ground truth -> HOTA, CLEAR and Identity. To come; the package holds the place in the layout."""
