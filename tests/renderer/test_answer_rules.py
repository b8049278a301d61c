"""Which answers are legal, and what is said about the others."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local_extensions import TEXT_RULES, AnswerError, check_text, slug_from
from renderer import validate
from renderer.template import options

HOSTILE = [
    "", " ", ".", "..", "../evil", "/etc/passwd", "C:\\evil", "a/../b", "a\\b", "~/x", "a..b", "-x", "--output-dir",
    "a b ", " a", "a  b",
    "{{ 7*7 }}", "{% raw %}", "{# x #}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "$(id)", "`id`", "${HOME}", "a;b", "a|b", "a&b", "a<b", "a>b", 'a"b', "a'b", "a\nb", "a\n", "\na", "a\rb", "a\tb",
    "a\0b", "a\x1b[31mb", "a\x7fb", "a\u202eb", "a\u200bb", "a\u00a0b", "\ufeffa", "caf\u0065\u0301", "\U0001f600",
    "\u0430pi", "\uff41pi", "\u2170", "a\u2028b", "aws:x", "AWS:x", "a" * 5000, "#x", "!x", "*", "a*b", "@x", "=1+1",
    "+1",
]  # fmt: skip
HOSTILE_SLUGS = [
    "Churn",
    "ml-staging",
    "ml-production-2",
    "chUrn",
    "con", "CON", "nul", "Aux", "prn", "com1", "LPT9", "a_b", "a.b", "a b", "a-", "-a", "ä", "a" * 33, "aws-churn",
    "AWSx", "ssm-x", "xn--a", "sthree-a", "amzn-s3-demo-a", "a--" + "-" * 30 + "b", "census income", "a\n",
]  # fmt: skip
FORBIDDEN = set("{}$;|&<>\"`'\\/~^*#![]")


def legal(option: str) -> st.SearchStrategy[str]:
    rule = TEXT_RULES[option]
    return st.from_regex(rule.pattern, fullmatch=True).filter(rule.allows)


@pytest.mark.parametrize("option", TEXT_RULES)
@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_hostile_text_is_refused_in_one_line_that_names_the_option(option: str, value: str) -> None:
    with pytest.raises(AnswerError) as refusal:
        validate({option: value})
    line = str(refusal.value)
    assert line.startswith(f"{option} ")
    assert "use " in line
    assert line.isprintable()
    assert len(line) < 400


@pytest.mark.parametrize("value", HOSTILE_SLUGS, ids=ascii)
def test_slugs_that_no_folder_or_aws_name_may_have_are_refused(value: str) -> None:
    with pytest.raises(AnswerError, match="project_slug"):
        validate({"project_slug": value})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("project_name", "Café Über 2"),
        ("project_name", "A"),
        ("project_slug", "a--b"),
        ("project_slug", "churn-2"),
        ("project_slug", "a" + "9" * 31),
        ("description", "Says who leaves (90 % sure?), and why. Twice a day."),
        ("owner", "team.ml+ops@example.com"),
        ("cost_center", "CC:42=x_y"),
    ],
)
def test_sensible_answers_are_allowed(option: str, value: str) -> None:
    assert validate({option: value}) == {option: value}


@pytest.mark.parametrize("value", [None, 7, True, ["x"], {"a": 1}, b"x"])
def test_answers_that_are_not_text_are_refused(value: object) -> None:
    with pytest.raises(AnswerError, match="owner"):
        validate({"owner": value})


def _characters_allowed(value: str, letters_only_ascii: bool) -> bool:
    for character in value:
        latin = character.isascii() or (not letters_only_ascii and "\u00c0" <= character <= "\u00ff")
        if not (latin and (unicodedata.category(character) in {"Lu", "Ll", "Nd"} or character in " ._:=+@-,()%?")):
            return False
    return True


@settings(max_examples=1000, deadline=None)
@given(
    option=st.sampled_from(sorted(TEXT_RULES)),
    value=st.text(max_size=60)
    | st.tuples(st.text(max_size=5), st.sampled_from(HOSTILE), st.text(max_size=5)).map("".join),
)
@example(option="owner", value="a\n")
@example(option="project_slug", value="con\n")
def test_whatever_is_allowed_holds_nothing_dangerous(option: str, value: str) -> None:
    try:
        check_text(option, value)
    except AnswerError:
        return
    assert _characters_allowed(value, letters_only_ascii=option in {"project_slug", "cost_center"})
    assert not FORBIDDEN & set(value)
    assert ".." not in value
    assert value == value.strip()
    assert value[0].isalnum()
    assert value == unicodedata.normalize("NFC", value)


@settings(max_examples=200, deadline=None)
@given(name=legal("project_name"))
@example(name="Con")
@example(name="AWS churn")
@example(name="ß")
@example(name="Þ" * 100)
@example(name="x" * 31 + " y")
@example(name="LPT1.")
@example(name="xn--a")
@example(name="aws" + "z" * 40)
@example(name="churn staging production")
@example(name="x" * 24 + " stagings")
def test_the_default_slug_of_every_legal_name_is_legal(name: str) -> None:
    assert check_text("project_slug", slug_from(name)) == slug_from(name).lower()


@pytest.mark.parametrize("option", TEXT_RULES)
def test_defaults_are_legal(option: str) -> None:
    default = options()[option]
    check_text(option, slug_from(options()["project_name"]) if option == "project_slug" else default)


@pytest.mark.parametrize("option", TEXT_RULES)
def test_patterns_use_only_syntax_that_java_reads_the_same_way(option: str) -> None:
    """CloudFormation's AllowedPattern is a Java expression for the whole value."""
    syntax = re.sub(r"\[[^\]]*\]", "", TEXT_RULES[option].pattern)
    assert re.fullmatch(r"(?:\(\?!|\(\?:|\(|\)|\\\.|[ |?*$]|\{\d+,\d+\}|[A-Za-z0-9:-])*", syntax), syntax
    for group in re.findall(r"\[([^\]]*)\]", TEXT_RULES[option].pattern):
        assert "[" not in group
        assert "&&" not in group


@pytest.mark.parametrize("option", TEXT_RULES)
def test_a_hostile_length_is_refused_at_once(option: str) -> None:
    """No pattern backtracks: the cost of a refusal grows with the length, not with its power."""
    for text in ("a" * 200_000, "a-" * 100_000, "a. " * 60_000, "a." * 100_000 + "!"):
        assert re.fullmatch(TEXT_RULES[option].pattern, text + "\0") is None


def test_a_refusal_shows_look_alikes_as_what_they_are() -> None:
    with pytest.raises(AnswerError, match=r"\\u0430pi"):
        validate({"project_slug": "\u0430pi"})


@pytest.mark.parametrize("option", [option for option, default in options().items() if isinstance(default, list)])
@pytest.mark.parametrize("value", ["", "nonsense", "{{ 1 }}", None, 1, ["github"]], ids=str)
def test_a_wrong_choice_is_refused_with_all_choices_named(option: str, value: object) -> None:
    with pytest.raises(AnswerError) as refusal:
        validate({option: value})
    assert all(choice in str(refusal.value) for choice in options()[option])


@pytest.mark.parametrize(
    "option", ["projct_slug", "__template_version", "_extensions", "_copy_without_render", "__check_owner", ""]
)
def test_an_unknown_option_is_refused_private_ones_included(option: str) -> None:
    with pytest.raises(AnswerError, match="no such option"):
        validate({option: "x"})
