"""`track export`: an encoder for another runtime."""
