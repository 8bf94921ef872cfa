"""`track relabel`: put the identities of a finished run right."""
