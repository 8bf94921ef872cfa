"""Looking at files before they are scored: what is wrong with them, in a sentence."""
