"""The command line `aki`: endpoints, calls and jobs of a hub from a terminal."""
