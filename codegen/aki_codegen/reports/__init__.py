"""What people read of changes: two states of a hub compared, and the history of a package."""
