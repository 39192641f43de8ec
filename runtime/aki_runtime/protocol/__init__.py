"""The sans-IO core: what is sent, what answers mean, and the life of a job. Nothing here performs I/O."""
