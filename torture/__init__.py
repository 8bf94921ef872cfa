"""A campaign against the command line: bad inputs, kills, full disks, hostile streams. `python -m torture --help`."""
