"""The playground: a local page on which each endpoint of a hub can be tried, with the code of every call."""
