"""The log in CSV files: how they are written, read, followed and rotated."""
