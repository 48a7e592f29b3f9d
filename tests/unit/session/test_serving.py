"""The scheduler inside somebody else's asyncio program: a web application that steers it by HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from redengine import RedEngine, Session
from redengine.args import Return
from redengine.core import Task


def make_web_app(app: RedEngine) -> web.Application:
    """As a project would: the schedule is served as long as the web application is."""
    routes = web.RouteTableDef()

    async def scheduling(_: web.Application) -> AsyncIterator[None]:
        serving = asyncio.create_task(app.serve())
        yield
        app.session.shut_down()
        await serving

    @routes.get("/tasks")
    async def tasks(request: web.Request) -> web.Response:
        return web.json_response({task.name: task.status for task in app.session.tasks})

    @routes.post("/tasks/{name}/run")
    async def run(request: web.Request) -> web.Response:
        if request.match_info["name"] not in app.session:
            raise web.HTTPNotFound
        app.session[request.match_info["name"]].run(**await request.json())
        return web.json_response({}, status=202)

    @routes.patch("/tasks/{name}")
    async def change(request: web.Request) -> web.Response:
        for key, value in (await request.json()).items():
            setattr(app.session[request.match_info["name"]], key, value)
        return web.json_response({})

    @routes.get("/results/{name}")
    async def result(request: web.Request) -> web.Response:
        return web.json_response(app.session.returns[request.match_info["name"]])

    web_app = web.Application()
    web_app.add_routes(routes)
    web_app.cleanup_ctx.append(scheduling)
    return web_app


@pytest.fixture
def app(session: Any) -> RedEngine:
    app = RedEngine(session=session)

    @app.task(execution="async")
    async def add(x: int, y: int = 1) -> int:
        return x + y

    @app.task("after task 'add'", execution="thread")
    def double(value: int = Return("add")) -> int:
        return value * 2

    @app.task("daily", execution="process", disabled=True)
    def nightly() -> str:
        return "done"

    return app


@pytest.fixture
async def client(app: RedEngine) -> AsyncIterator[Any]:
    async with TestClient(TestServer(make_web_app(app))) as client:
        yield client


async def ended(task: Task) -> None:
    """Until the task has run; told by the session, not asked again and again."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    end = task.session.listen(lambda topic: loop.call_soon_threadsafe(told.set))
    try:
        while task.status in (None, "run"):
            told.clear()
            await asyncio.wait_for(told.wait(), 20)
    finally:
        end()


async def test_a_request_runs_a_task_and_its_result_is_seen(app: RedEngine, client: Any) -> None:
    assert await (await client.get("/tasks")).json() == {"add": None, "double": None, "nightly": None}
    response = await client.post("/tasks/add/run", json={"x": 20})
    assert response.status == 202
    await ended(app.session["double"])
    assert await (await client.get("/results/add")).json() == 21
    assert await (await client.get("/results/double")).json() == 42
    assert await (await client.get("/tasks")).json() == {"add": "success", "double": "success", "nightly": None}
    assert (await client.post("/tasks/nothing/run", json={})).status == 404


async def test_a_change_by_a_request_is_effective_at_once(app: RedEngine, client: Any) -> None:
    await client.patch("/tasks/nightly", json={"disabled": False})
    await ended(app.session["nightly"])
    assert await (await client.get("/results/nightly")).json() == "done"
    await client.patch("/tasks/add", json={"start_cond": "after task 'nightly'"})
    await ended(app.session["add"])
    # Nobody gave it its number.
    assert await (await client.get("/tasks")).json() == {"add": "fail", "double": None, "nightly": "success"}


async def test_the_end_of_the_web_application_ends_the_scheduler(app: RedEngine) -> None:
    server = TestServer(make_web_app(app))
    await server.start_server()
    async with ClientSession() as http, http.get(server.make_url("/tasks")) as response:
        assert response.status == 200
    assert app.session.scheduler.is_alive
    with contextlib.suppress(asyncio.CancelledError):
        await server.close()
    assert app.session.scheduler.is_alive is False


async def test_a_scheduler_cannot_be_run_where_an_event_loop_is_running(session: Session) -> None:
    ran: list[int] = []
    task = session.create_task(func=lambda: ran.append(1), name="a", start_cond="daily")
    for run in (session.start, lambda: session.run("a"), task):
        with pytest.raises(RuntimeError, match=r"await session.serve\(\)"):
            run()
    assert not task.batches
    assert (task.disabled, ran) == (False, [])
