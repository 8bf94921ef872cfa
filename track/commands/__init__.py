"""One folder a command, called as the command: `command.py`, `options.py`, and what only it needs."""
