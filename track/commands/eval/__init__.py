"""`track eval`: score tracks against ground truth."""
