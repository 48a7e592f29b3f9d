"""Time in your own hands: a clock that stands still until it is moved, and a scheduler that runs on it.

Test a schedule without waiting for it::

    from datetime import datetime
    from redengine.testing import Simulation

    with Simulation(app.session, start=datetime(2024, 1, 1)) as simulation:
        starts = simulation.run(until=datetime(2025, 1, 1))
    assert [start.when.hour for start in starts if start.task == "report"] == [7] * 366
"""

from redengine.scheduling.simulation import Ended, Simulation, Started, VirtualClock, usual_durations

__all__ = ["Ended", "Simulation", "Started", "VirtualClock", "usual_durations"]
