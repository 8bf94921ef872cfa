"""`track render`: draw a finished run anew."""
