"""What callers hold of a running job: handles, streams, and ways to watch it."""
