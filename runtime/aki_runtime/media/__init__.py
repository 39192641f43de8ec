"""Images, audio and video: what a caller may give, and what the hub gives back."""
