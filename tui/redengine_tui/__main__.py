"""``python -m redengine_tui``."""

from redengine_tui.cli import main

main()
