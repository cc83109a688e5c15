"""Programs suspend at each call, and go on elsewhere from plain bytes."""

import pytest

from nodes.glue.interpreter import Answer, Called, Interpreter, Over, Program

INTERPRETER = Interpreter()


def program(code: str, **functions: tuple[str, ...]) -> Program:
    return Program(code=code, functions=functions or {"look": ("name",)}, seed="r/work")


def test_what_is_left_goes_on_in_another_process_with_all_it_knew() -> None:
    whole = program("kept = [1, 2]\nprint('once')\nkept.append(look('a')['n'])\nsum(kept)")
    called = INTERPRETER.begin(whole, {})
    assert isinstance(called, Called)
    assert (called.tool, called.args, called.line) == ("look", {"name": "a"}, 3)
    over = INTERPRETER.go_on(whole, called.left, Answer(value={"n": 4}), printed=called.printed)
    assert over == Over(value="7", printed="once\n")


def test_computing_counts_from_the_beginning_to_the_end() -> None:
    whole = program("look('a')\nwhile True: pass")
    called = INTERPRETER.begin(whole, {})
    assert isinstance(called, Called)
    over = INTERPRETER.go_on(whole, called.left, Answer())
    assert isinstance(over, Over)
    assert "time limit" in over.problem


def test_chance_is_the_same_each_time() -> None:
    whole = program("import random\nrandom.random()")
    assert INTERPRETER.begin(whole, {}) == INTERPRETER.begin(whole, {})


def test_sleeping_takes_no_time() -> None:
    assert INTERPRETER.begin(program("import time\ntime.sleep(1e6)"), {}) == Over()


@pytest.mark.parametrize("left", [b"", b"garbage", b"MONTY\x00\x0e\x00garbage"])
def test_what_was_not_kept_by_it_breaks_the_program_and_nothing_else(left: bytes) -> None:
    over = INTERPRETER.go_on(program("look('a')"), left, Answer())
    assert isinstance(over, Over)
    assert over.problem


@pytest.mark.parametrize("name", ["re", "json", "math", "datetime"])
def test_what_the_prompt_promises_can_be_imported(name: str) -> None:
    assert INTERPRETER.begin(program(f"import {name}\n'there'"), {}) == Over(value="there")
