"""Makes redbird importable before redengine is.

redbird 0.7.1 is written for pydantic 1. Python runs the line of ``redengine_redbird.pth``, which is installed beside
this package, whenever it starts: so nothing is imported here that was not imported by then, ``__future__`` included.
All else is in :mod:`redengine_redbird.loader`, which is imported with redbird.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class RedbirdFinder:
    """Finds the modules of redbird, and no others."""

    def find_spec(
        self, fullname: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if fullname.partition(".")[0] != "redbird":
            return None
        from redengine_redbird.loader import find

        return find(fullname, path, target)


#: Whether redbird could be imported from the first line of the program on.
since_start = False


def install(*, at_start: bool = False) -> bool:
    """Have redbird found by a :class:`RedbirdFinder` from now on; whether that is news.

    ``at_start``: said by the ``.pth`` file, which is before any other code.
    """
    global since_start
    since_start = since_start or at_start
    if any(isinstance(finder, RedbirdFinder) for finder in sys.meta_path):
        return False
    sys.meta_path.insert(0, RedbirdFinder())
    return True


def uninstall() -> None:
    """Leave the modules of redbird to Python."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, RedbirdFinder)]
