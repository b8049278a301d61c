"""The documentation of the emulated AWS says what its modules say."""

from __future__ import annotations

from rehearsal.emulated_aws.statements import PAGE, page, table


def test_the_table_in_the_documentation_is_the_modules_own() -> None:
    assert PAGE.read_text() == page(), "run `python -m rehearsal.emulated_aws.statements`"


def test_every_module_with_behaviour_says_what_is_simplified() -> None:
    rows = table().splitlines()[2:]
    assert len(rows) > 15
    assert not [row for row in rows if "implified" not in row and "Here:" not in row and "MiniStack" not in row]
