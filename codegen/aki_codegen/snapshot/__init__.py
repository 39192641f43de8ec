"""The metadata that a package is made from, its files in `spec/`, and how a refresh makes the next one."""
