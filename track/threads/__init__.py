"""Work beside the main loop, in threads behind bounded queues."""
