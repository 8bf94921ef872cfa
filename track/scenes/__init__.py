"""A source that was detected and embedded once, kept, and tracked as often as wanted."""
