"""`track run`: one video."""
