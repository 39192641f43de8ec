"""Two states of a hub's metadata, compared: shared by generated clients and the generator."""
