"""From metadata to what is rendered: names, overrides, and trouble as values."""
