"""The two drivers of the core, and the connections that they use: the only code that performs I/O."""
