"""The networks: one file per architecture, each a `Backbone` (see `base.py`)."""
