"""Lines and zones in the picture: who crosses, enters, stays and leaves, counted from rows of tracks."""
