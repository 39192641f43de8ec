"""The command line `aki`, in the test's own process and in a terminal."""
