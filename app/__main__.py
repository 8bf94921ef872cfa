"""`python -m app` is `track`."""

from app.cli import main

main()
