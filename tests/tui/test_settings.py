"""Settings and themes: what is wrong in a file costs a message that says where, and nothing else."""

from __future__ import annotations

import pytest
from textual.color import Color

from redengine_tui import log_settings, settings, themes


@pytest.fixture
def folders(tmp_path):
    config, state = tmp_path / "c", tmp_path / "s"
    config.mkdir()
    return config, state


def write(folder, text, name="config.toml"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))


def test_no_file_is_no_problem(folders):
    loaded = settings.load(*folders)
    assert loaded.theme == settings.DEFAULT_THEME
    assert loaded.problems == ()


def test_theme_and_keys_are_read(folders):
    write(folders[0], 'theme = "paper"\n[keys]\n"task.run" = "ctrl+r, f5"\ntasks.sort = "o"\n')
    loaded = settings.load(*folders)
    assert loaded.theme == "paper"
    assert loaded.keys == {"task.run": "ctrl+r,f5", "tasks.sort": "o"}
    assert loaded.problems == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme = ", "is not valid TOML"),
        ("theme = 3", '"theme" must be a name'),
        ('colour = "red"', '"colour" is not a setting'),
        ("keys = 1", '"keys" must be a table'),
        ('[keys]\n"task.rum" = "x"', 'did you mean "task.run"?'),
        ('[keys]\n"task.run" = 5', "must be keys in quotes"),
        ('[keys]\n"task.run" = ""', "must be keys in quotes"),
        ('[keys]\n"task.run" = "q"', '"q" would be both task.run and app.quit'),
        ('[keys]\n"task.run" = "?"', '"question_mark" would be both task.run and app.help'),
        ("log = 1", '"log" must be a table'),
        ('[log]\nrotate_byte = "1 MB"', 'did you mean "rotate_bytes"?'),
        ('[log]\nrotate_bytes = "1 cow"', "rotate_bytes is a number of bytes or a size"),
        (f'[log]\nrotate_bytes = "{"9" * 400} GB"', "rotate_bytes is a number of bytes or a size"),
        (f"[log]\nrotate_age = {'9' * 400}", "[log] "),
        (f"[log]\nrotate_bytes = {'9' * 5000}", "is not valid TOML"),
        ('[log]\nrotate_bytes = "never"\nkeep_files = 3', "keep_files and keep_age need"),
        ("[log]\nfsync = 1", "fsync is true or false"),
        ("theme = '\udcff'", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_and_left_out(folders, text, said):
    write(folders[0], text)
    loaded = settings.load(*folders)
    assert len(loaded.problems) == 1
    assert said in loaded.problems[0]
    assert str(folders[0] / "config.toml") in loaded.problems[0]
    assert loaded.keys == {}
    assert loaded.theme == settings.DEFAULT_THEME
    assert loaded.log == log_settings.DEFAULT_LOG


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", {"rotate_bytes": "64 MB"}),
        ('rotate_bytes = "never"', {"rotate_bytes": None}),
        ('keep_age = "30 days"\nfsync = true', {"rotate_bytes": "64 MB", "keep_age": "30 days", "fsync": True}),
        ('rotate_age = "1 day"\nkeep_files = 5', {"rotate_bytes": "64 MB", "rotate_age": "1 day", "keep_files": 5}),
    ],
)
def test_options_of_the_log(folders, text, options):
    write(folders[0], f"[log]\n{text}\n")
    loaded = settings.load(*folders)
    assert loaded.problems == ()
    assert loaded.log == options


def test_a_chosen_theme_is_kept_until_the_file_names_another(folders):
    write(folders[0], 'theme = "paper"')
    assert settings.load(*folders).keep_theme('f"\x1bjord') == ""
    assert settings.load(*folders).theme == 'f"\x1bjord'
    write(folders[0], 'theme = "contrast"')
    assert settings.load(*folders).theme == "contrast"


def test_a_theme_that_cannot_be_kept_is_told(folders, tmp_path):
    (tmp_path / "file").write_text("")
    loaded = settings.load(folders[0], tmp_path / "file")
    assert "The theme is not kept" in loaded.keep_theme("paper")


def test_our_themes_are_complete():
    loaded, problems = themes.load(None)
    assert problems == ()
    assert {"ember", "fjord", "paper", "contrast", "terminal"} <= set(loaded)
    assert sum(not theme.dark for theme, _ in loaded.values()) >= 1
    assert sum(theme.ansi for theme, _ in loaded.values()) == 1
    assert all(about for _, about in loaded.values())
    assert settings.DEFAULT_THEME in loaded


def contrast(one: Color, other: Color) -> float:
    """WCAG 2 contrast ratio."""

    def luminance(color):
        parts = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in color.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["ember", "fjord", "paper", "contrast"])
def test_text_can_be_read(name):
    theme = themes.load(None)[0][name][0]
    colors = theme.to_color_system().generate()
    least = 7.0 if name == "contrast" else 4.5
    ground = Color.parse(colors["background"])
    inks = ("foreground", "text-muted", "text-accent", "text-success", "text-warning", "text-error")
    for ink in inks:
        assert contrast(Color.parse(colors[ink]), ground) >= least, ink
    cursor = Color.parse(colors["block-cursor-background"])
    assert contrast(Color.parse(colors["block-cursor-foreground"]), cursor) >= least
    panel = Color.parse(colors["footer-background"])
    for ink in ("footer-key-foreground", "footer-description-foreground", "text-muted"):
        assert contrast(Color.parse(colors[ink]), panel) >= least, ink


GOOD = 'name = "mine"\n[colors]\nprimary = "#112233"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not valid TOML"),
        ('name = "x"', "colors"),
        (GOOD.replace("mine", "My Theme"), "is not a name"),
        (GOOD.replace("#112233", "#11zz33"), '"#11zz33" is not a colour'),
        (GOOD + 'primery = "#000000"\n', "primery"),
        (GOOD + '[variables]\nborder = "no such"\n', '"no such" is not a colour'),
        (GOOD + '[variables]\n"a b" = "red"\n', "not the name of a variable"),
        (GOOD + '[variables]\nblock-cursor-text-style = "loud"\n', "not a text style"),
        (GOOD + '[variables]\nborder = "red; color: blue"\n', "not a colour"),
    ],
)
def test_a_bad_theme_is_left_out(tmp_path, text, said):
    write(tmp_path, text, "bad.toml")
    loaded, problems = themes.load(tmp_path)
    assert "mine" not in loaded
    assert len(problems) == 1
    assert "bad.toml" in problems[0]
    assert said in problems[0]


def test_a_users_theme_takes_the_place_of_ours(tmp_path):
    write(tmp_path, GOOD.replace("mine", "ember") + '[variables]\ntext-muted = "auto 60%"\n', "my.toml")
    loaded, problems = themes.load(tmp_path)
    assert problems == ()
    assert loaded["ember"][0].primary == "#112233"
