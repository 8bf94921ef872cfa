"""`track mot`: a whole dataset, in submission form and scored."""
