"""Tasks that are a piece of Python code."""

from __future__ import annotations

from typing import Any

from redengine.tasks.base import Task


class CodeTask(Task):
    """Runs a piece of Python code; its parameters are the code's variables.

    Parameters
    ----------
    code
        The code. What it leaves in the variable ``return_value`` is the task's return value. It can do anything,
        so it must come from somebody you trust.
    output_variable
        Name of that variable.
    """

    code: str = ""
    output_variable: str = "return_value"

    def __init__(self, code: str | None = None, **kwargs: Any) -> None:
        if code is not None:
            kwargs["code"] = code
        try:
            compile(kwargs.get("code", ""), "<string>", "exec")
        except SyntaxError as error:
            raise ValueError(
                f"The code of task {kwargs.get('name')!r} is not valid Python: line {error.lineno}: {error.msg}"
            ) from error
        super().__init__(**kwargs)

    def execute(self, **params: Any) -> Any:
        """Run the code."""
        variables: dict[str, Any] = {"__name__": f"<task {self.name}>", **params}
        exec(compile(self.code, "<string>", "exec"), variables)  # the code is the person's own
        return variables.get(self.output_variable)

    def prefilter_params(self, params: Any) -> Any:
        """The session's parameters are variables too, but nothing of the scheduler."""
        return {key: value for key, value in params.items() if not getattr(value, "live", False) and not _special(key)}

    def get_default_name(self, **kwargs: Any) -> Any:
        """There is none."""
        raise ValueError("CodeTask must have name defined")


def _special(name: Any) -> bool:
    return name in ("_session_", "_task_", "_thread_terminate_")
