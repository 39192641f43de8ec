"""The command line in a real terminal."""
