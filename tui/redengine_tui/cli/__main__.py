"""``python -m redengine_tui.cli``."""

from redengine_tui.cli import main

main()
