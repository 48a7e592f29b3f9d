"""Nothing that a project is named, prints, raises or returns reaches the terminal as an escape sequence."""

from __future__ import annotations

PROJECT = """
    import os, subprocess, sys, threading
    from redengine import RedEngine
    from redengine.args import Return

    EVIL = "\\x1b]52;c;RVZJTA==\\x07\\x1b[2J\\x9b31mEVIL"
    app = RedEngine()
    app.params(parameter=EVIL)

    def shout():
        print(EVIL)
        print(EVIL, file=sys.stderr)
        sys.stdout.flush()
        os.write(1, EVIL.encode())
        os.write(2, EVIL.encode())
        subprocess.run([sys.executable, "-c", "import sys; print(sys.argv[1])", EVIL])
        thread = threading.Thread(target=print, args=(EVIL,))
        thread.start()
        thread.join()

    @app.task("daily", name="fails\\n" + EVIL, execution="thread", description=EVIL)
    def fails():
        shout()
        raise ValueError(EVIL)

    @app.task("daily", execution="process")
    def in_process():
        shout()
        return EVIL

    @app.task("after task 'in_process'", execution="async")
    async def in_loop(parameter, given=Return("in_process")):
        shout()

    @app.cond("is evil")
    def is_evil():
        raise ValueError(EVIL)

    @app.task("is evil")
    def blocked():
        pass

    app.task("daily", name="command", command=["echo", EVIL])
    print(EVIL)
    os.write(1, b"")
"""


def test_no_sequence_of_a_project_reaches_the_terminal(place):
    path = place.write(PROJECT, "evil\x1b]52;c;RVZJTA==\x07.py")
    program = place.start(str(path))
    loaded = program.wait_for(lambda: program.sent.find(b"\x1b[?1049h") + 1)
    program.wait_for("in_process")
    # The list, each task's condition and parameters, the log, each record with its output.
    program.wait_for(lambda: place.logged("in_loop", "success") == 1 and place.logged("command", "success") == 1)
    program.wait_for(lambda: "fail" in program.line("fails"))
    program.press("j", "j", "j")
    program.wait_for("Condition · blocked")
    program.press("p", "escape", "l", "g")
    for _ in range(8):
        program.press("enter")
        program.wait_for(lambda: "Next" in program.lines[-1] and "Previous" in program.lines[-1])
        program.press("escape")
        program.wait_for(lambda: "Find" in program.lines[-1])
        program.press("j")
    program.press("escape")
    program.wait_for("q Leave")
    assert program.quit() == 0
    sent = bytes(program.sent)
    # What the file prints while it is loaded comes before the screen, as with any program.
    screen = sent[loaded:]
    assert "␛]52;c;RVZJTA==" in screen.decode("utf-8", "replace")
    for sequence in (b"\x1b]52", b"\x9b31m", b"\x1b[2J\xc2\x9b", "\x9b31m".encode()):
        assert sequence not in screen
    assert "EVIL" in (place.kept / "stray-output.txt").read_text()
