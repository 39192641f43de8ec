"""What can be told to go wrong, and when."""
