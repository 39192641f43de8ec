"""From what a hub says to what it means: wire to IR, with trouble as values."""
