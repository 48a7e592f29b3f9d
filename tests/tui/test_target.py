"""Which scheduler somebody means: files, modules, other machines, and what is said of what is none of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from redengine.exc import ProjectError
from redengine_tui import hosts as hosts_of_settings
from redengine_tui.hosts import HostEntry, destination_of
from redengine_tui.project import load
from redengine_tui.target import Far, Near, all_of, names_of, near, parse

APP = "from redengine import RedEngine\napp = RedEngine()\n"
HOSTS = {
    "build7": HostEntry(
        "build7", "deploy@build7.example.org", ("/opt/re/bin/redengine-tui",), ("/srv/jobs/nightly.py",)
    ),
    "farm": HostEntry(
        "farm", "ssh://ada@10.0.0.7:2222", projects=("/srv/a/project.py", "/srv/b/project.py:main", "~/hourly.py")
    ),
    "empty": HostEntry("empty", "empty"),
}


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder with a file, and a package with a module; what is imported is forgotten afterwards."""
    (tmp_path / "project.py").write_text(APP)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "shop" / "jobs.py").write_text(f"from . import names\n{APP}nightly = RedEngine()\n")
    (tmp_path / "shop" / "names.py").write_text("NAME = 'x'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = dict(sys.modules)
    yield tmp_path
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


def refused(text, hosts=HOSTS):
    with pytest.raises(ProjectError) as caught:
        parse(text, hosts)
    return str(caught.value)


class TestHere:
    def test_a_file(self, there):
        assert parse("project.py", HOSTS) == Near(there / "project.py")
        assert parse("./project.py:nightly", HOSTS) == Near(there / "project.py", "nightly")
        assert parse(str(there / "project.py"), HOSTS).where == "attached"

    def test_a_link_leads_to_the_file(self, there):
        (there / "link.py").symlink_to(there / "project.py")
        assert parse("link.py", HOSTS) == Near(there / "project.py")

    def test_a_module_is_found_without_importing_anything(self, there):
        found = parse("shop.jobs:nightly", HOSTS)
        assert found == Near(there / "shop" / "jobs.py", "nightly", "shop.jobs", there)
        assert "shop" not in sys.modules
        assert parse("project:app", HOSTS) == Near(there / "project.py", "app", "project", there)

    def test_a_module_and_its_file_are_one_project(self, there, tmp_path):
        assert parse("shop.jobs:app").data(tmp_path) == parse("shop/jobs.py").data(tmp_path)

    def test_the_demo(self, tmp_path):
        assert parse("demo", HOSTS).data(tmp_path).folder == tmp_path / "projects" / "demo"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("projetc.py", 'There is no file projetc.py; did you mean "project.py"?'),
            ("shop", "shop is a folder"),
            ("shop.job:app", "There is no file shop.job"),
            ("shop.json:app", "There is no file shop.json"),
            ("shop.jobs.more:app", "There is no file shop.jobs.more"),
            ("", "is no target"),
            ("--force", "is no target"),
        ],
    )
    def test_what_is_nothing(self, there, text, said):
        assert said in refused(text)

    def test_another_machine_is_not_here(self):
        with pytest.raises(ProjectError, match="is on another machine"):
            near("ssh://build7/srv/x.py")

    def test_a_module_is_loaded_as_part_of_its_package(self, there):
        (there / "shop" / "__init__.py").write_text("")
        loaded = load("shop.jobs:nightly")
        assert loaded.app is sys.modules["shop.jobs"].nightly
        assert loaded.session.worker_setup.module_name == "shop.jobs"
        assert loaded.session.worker_setup.sys_path == [str(there)]

    @pytest.mark.parametrize("init", [True, False])
    def test_a_file_with_relative_imports_is_part_of_its_package(self, there, init):
        (there / "shop" / "__init__.py").unlink()
        if init:
            (there / "shop" / "__init__.py").write_text("")
        loaded = load("shop/jobs.py")
        assert loaded.session.worker_setup.module_name == "shop.jobs"
        assert loaded.session.worker_setup.sys_path == [str(there)]

    def test_it_may_import_from_further_up(self, there):
        (there / "shop" / "__init__.py").write_text("")
        (there / "shop" / "values.py").write_text("VALUE = 7\n")
        (there / "shop" / "deep").mkdir()
        (there / "shop" / "deep" / "it.py").write_text(
            "from ..values import VALUE\nfrom redengine import RedEngine\napp = RedEngine()\napp.params(value=VALUE)\n"
        )
        assert load("shop/deep/it.py").session.parameters["value"] == 7

    def test_a_folder_that_can_be_no_package(self, there):
        (there / "my shop").mkdir()
        (there / "my shop" / "it.py").write_text("from .values import VALUE\n")
        with pytest.raises(ProjectError, match="attempted relative import"):
            load("my shop/it.py")

    def test_a_module_that_its_package_imports_is_not_made_twice(self, there):
        (there / "shop" / "__init__.py").write_text("from .jobs import app\n")
        assert load("shop.jobs:app").app is sys.modules["shop"].app

    def test_a_package_that_fails_is_the_projects_error(self, there):
        with pytest.raises(ProjectError, match="exits while it is loaded"):
            load("shop.jobs:app")


class TestElsewhere:
    @pytest.mark.parametrize(
        ("text", "target"),
        [
            ("ssh://build7/srv/jobs/project.py", Far("build7", "/srv/jobs/project.py")),
            ("ssh://ada@build7:2222/srv/x.py:nightly", Far("ada@build7", "/srv/x.py", "nightly", 2222)),
            ("ssh://build7/~/jobs/x.py", Far("build7", "~/jobs/x.py")),
            ("ssh://build7/./x.py", Far("build7", "~/x.py")),
            ("ssh://ada@[fe80::1%eth0]:22/x y.py", Far("ada@fe80::1%eth0", "/x y.py", None, 22)),
        ],
    )
    def test_over_ssh(self, text, target):
        assert parse(text, HOSTS) == target

    def test_written_again(self):
        for text in ("ssh://ada@build7:2222/srv/x.py:nightly", "ssh://build7/~/x.py", "ssh://a@[::1]:22/x.py"):
            assert str(parse(text)) == text
        assert parse("ssh://ada@build7:2222/srv/x.py").where == "ssh build7"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("ssh://-oProxyCommand=x/srv/x.py", "begins with a dash"),
            ("ssh://-x@host/srv/x.py", "begins with a dash"),
            ("ssh://a@-host/srv/x.py", "begins with a dash"),
            ("ssh://host", "does not say which project"),
            ("ssh://host/", "does not say which project"),
            ("ssh://host/srv/", "does not say which project"),
            ("ssh:///srv/x.py", "is no machine"),
            ("ssh://a;b@host/x.py", "is no machine"),
            ("ssh://$(x)/x.py", "is no machine"),
            ("ssh://host\n/x.py", "is no machine"),
            ("ssh://host:99999/x.py", "is no port"),
            ("ssh://host:abc/x.py", "is no machine"),
            ("ssh://host/x\x1b.py", "is no path"),
        ],
    )
    def test_refused(self, text, said):
        assert said in refused(text)


class TestSettings:
    def test_by_name(self):
        found = parse("build7", HOSTS)
        assert found == Far(
            "deploy@build7.example.org", "/srv/jobs/nightly.py", None, None, ("/opt/re/bin/redengine-tui",), "build7"
        )
        assert found.where == "ssh build7"
        assert parse("build7/nightly", HOSTS) == parse("build7/jobs/nightly.py", HOSTS) == found

    def test_names_tell_projects_apart(self):
        assert names_of(HOSTS["farm"]) == ("farm/a/project", "farm/b/project", "farm/hourly")
        for typed, target in all_of(HOSTS):
            assert parse(typed, HOSTS) == target
        assert parse("farm/b/project", HOSTS) == Far(
            "ada@10.0.0.7", "/srv/b/project.py", "main", 2222, host_name="farm"
        )

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("farm", "farm has several projects; say which: farm/a/project, farm/b/project, farm/hourly"),
            ("farm/project", "farm has several projects; say which"),
            ("farm/hourli", "farm has no project 'hourli'; did you mean \"farm/hourly\"?"),
            ("buidl7", 'did you mean "build7"?'),
            ("empty", "has no projects"),
        ],
    )
    def test_not_found(self, text, said, there):
        assert said in refused(text)

    def test_a_file_comes_before_a_machine(self, there):
        (there / "build7").write_text(APP)
        assert parse("build7", HOSTS) == Near(there / "build7")

    def test_read_from_a_table(self):
        problems = []
        found = hosts_of_settings.read(
            {
                "a": {"ssh": "x@y", "projects": ["/z.py"]},
                "b": {"shh": "x"},
                "c": {"ssh": "-oX"},
                "d": {"ssh": "d", "command": "'"},
                "e": {"command": "sudo -u jobs 're tui'"},
                "f": {"projects": "x.py"},
                "g": 3,
                "h/i": {},
            },
            "config.toml",
            problems,
        )
        assert found == {
            "a": HostEntry("a", "x@y", projects=("/z.py",)),
            "e": HostEntry("e", "e", ("sudo", "-u", "jobs", "re tui")),
        }
        words = "\n".join(problems)
        for part in (
            '[hosts.b] "shh" is not an option; did you mean "ssh"?',
            "begins with a dash",
            '"command" must be',
        ):
            assert part in words
        assert len(problems) == 6
        assert hosts_of_settings.read(3, "x", problems) == {}

    def test_read_from_the_file(self, tmp_path):
        folder = tmp_path / "config" / "redengine-tui"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text('[hosts.build7]\nssh = "deploy@build7"\nprojects = ["/srv/x.py"]\n')
        assert parse("build7") == Far("deploy@build7", "/srv/x.py", host_name="build7")
        (folder / "config.toml").write_text("[hosts.build7]\nssh = 3\n")
        assert "must be where ssh connects to" in refused("build7", None)


def test_destinations():
    assert destination_of("ssh://a@b:3/") == ("a@b", 3)
    with pytest.raises(ValueError, match="is no machine"):
        destination_of("a b")


def test_light():
    """It is read before anything is connected."""
    code = (
        "import sys, redengine_tui.target, redengine_tui.data\n"
        "assert not {'redengine', 'asyncio', 'textual'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
