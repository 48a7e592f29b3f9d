"""Watching and steering a scheduler: what it shows, what it can be asked, and who asks."""
