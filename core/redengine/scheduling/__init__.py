"""Deciding what starts and stops when, and carrying it out."""
