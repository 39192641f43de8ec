"""A whole package: the bytes of every file and the report beside it, made anew only where they must be."""
