"""The typed inputs and outputs of endpoints: base classes, parameters as values, and what a hub refuses."""
