"""`track eval-reid`: how well an encoder finds people again, and its gate."""
