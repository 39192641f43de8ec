"""What can go wrong on purpose, and when."""
