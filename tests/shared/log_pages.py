"""What the tests of the log's pages share."""

from __future__ import annotations

from redengine.log import bird


def record(number, name="a", action="run", **values):
    """A record made at this second."""
    return {"task_name": name, "action": action, "created": number, **values}


def numbers(page):
    """The seconds of the records on a page."""
    return [int(entry.created) for entry in page.entries]


class ListRepo(bird.TemplateRepo):
    """A repository that is neither a file nor redbird's memory."""

    items: list = []

    def insert(self, item):
        self.items.append(item)

    def query_items(self, query):
        ListRepo.reads_total = getattr(ListRepo, "reads_total", 0) + 1
        yield from self.items

    def query_update(self, query, values): ...

    def query_delete(self, query): ...
