"""Themes as data: one ``*.toml`` file a theme."""
