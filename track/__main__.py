"""`python -m track` is `track`."""

from track.cli import main

main()
