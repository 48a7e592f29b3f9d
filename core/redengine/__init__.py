"""The scheduling framework: write a schedule in Python."""
