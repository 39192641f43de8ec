"""The hub itself: jobs, queues, and what it answers. Plain Python, without a framework."""
