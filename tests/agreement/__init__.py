"""Agreement of client and hub on what a call may hold."""
