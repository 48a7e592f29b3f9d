"""Conditions that chain tasks. A task is given by name or by its function."""

from __future__ import annotations

from typing import Any

from redengine.conditions import All, BaseCondition, DependFailure, DependFinish, DependSuccess, DependTerminate
from redengine.conditions import Any as AnyCondition


def after_success(task: Any) -> BaseCondition:
    """The task has succeeded since this one last started."""
    return DependSuccess(depend_task=task)


def after_fail(task: Any) -> BaseCondition:
    """The task has failed since this one last started."""
    return DependFailure(depend_task=task)


def after_finish(task: Any) -> BaseCondition:
    """The task has succeeded or failed since this one last started."""
    return DependFinish(depend_task=task)


def after_terminate(task: Any) -> BaseCondition:
    """The task was terminated since this one last started."""
    return DependTerminate(depend_task=task)


def after_all_success(*tasks: Any) -> BaseCondition:
    """All of the tasks have succeeded since this one last started."""
    return All(*map(after_success, tasks))


def after_all_fail(*tasks: Any) -> BaseCondition:
    """All of the tasks have failed since this one last started."""
    return All(*map(after_fail, tasks))


def after_all_finish(*tasks: Any) -> BaseCondition:
    """All of the tasks have succeeded or failed since this one last started."""
    return All(*map(after_finish, tasks))


def after_any_success(*tasks: Any) -> BaseCondition:
    """Any of the tasks has succeeded since this one last started."""
    return AnyCondition(*map(after_success, tasks))


def after_any_fail(*tasks: Any) -> BaseCondition:
    """Any of the tasks has failed since this one last started."""
    return AnyCondition(*map(after_fail, tasks))


def after_any_finish(*tasks: Any) -> BaseCondition:
    """Any of the tasks has succeeded or failed since this one last started."""
    return AnyCondition(*map(after_finish, tasks))
