"""`track train-reid`: train an appearance encoder."""
