"""The controller that the tests of the screen are made with does what real ones do."""

from __future__ import annotations

import msgspec
import pytest
from controller_contract import Bench, ControllerContract


class Made(Bench):
    """A scheduler in memory."""

    def __init__(self, controller, make_task):
        self.controller, self.make_task = controller, make_task

    def add(self, name):
        self.controller.push(self.make_task(name))

    def remove(self, name):
        self.controller.push(removed=[name])

    def rename(self, name, new):
        view = self.controller.tasks[name]
        self.controller.push(msgspec.structs.replace(view, name=new), removed=[name])

    def toggle(self, name):
        self.controller.change(name, disabled=not self.controller.tasks[name].disabled)

    def truth(self):
        return {name: view.disabled for name, view in self.controller.tasks.items()}


class TestFake(ControllerContract):
    """In memory."""

    @pytest.fixture
    def bench(self, make_controller, make_task):
        return Made(make_controller([make_task("first"), make_task("second")]), make_task)
