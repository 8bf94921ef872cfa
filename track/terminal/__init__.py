"""What a person sees: progress, tables, warnings, errors, and Ctrl-C."""
