"""`track convert`: tracks for other programs, and from them."""
