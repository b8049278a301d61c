"""`verify-aws` asks before it begins, always cleans up, and writes down what came out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from renderer.template import version
from service_catalog.verify_aws import command as verify
from service_catalog.verify_aws.account import Account, TooLongError
from service_catalog.verify_aws.checks import Check, NotTriedError, RefutedError, check
from service_catalog.verify_aws.course import HOLDS, NOT_TRIED, REFUTED, UNDECIDED, run
from service_catalog.verify_aws.report import NOT_YET, page
from tests.catalog.scripted_aws import ScriptedAws, error

ID = "0a1b2c3d-4e5f-4a5b-8c9d-0123456789ab"
IDENTITY = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:role/admin", "UserId": "A"}


def _check(name: str, run: Callable[[Account], str], usd: float = 0.5) -> Check:
    return Check(name, f"claim of {name}", "a document", f"a thing of {name}", usd, run)


def _raising(problem: BaseException) -> Callable[[Account], str]:
    def run(account: Account) -> str:
        account.afterwards("a thing", lambda: None)
        raise problem

    return run


def _account(script: dict[str, object] | None = None, keep: bool = False) -> tuple[Account, ScriptedAws]:
    aws = ScriptedAws({"sts.GetCallerIdentity": IDENTITY, **(script or {})})  # type: ignore[dict-item]
    return Account(aws.client, say=lambda _: None, sleep=lambda _: None, keep=keep), aws


@pytest.mark.parametrize(
    ("problem", "outcome"),
    [
        (RefutedError("it is otherwise"), REFUTED),
        (NotTriedError("needs --x"), NOT_TRIED),
        (TooLongError("too long"), UNDECIDED),
        (error("CreateProject", "AccessDenied"), UNDECIDED),
        (ZeroDivisionError(), UNDECIDED),
    ],
)
def test_a_failing_check_neither_stops_the_others_nor_the_cleanup(problem: Exception, outcome: str) -> None:
    account, _ = _account()
    course = run([_check("first", _raising(problem)), _check("second", lambda _: "seen")], account)
    assert [(each.outcome, each.check.name) for each in course.results] == [(outcome, "first"), (HOLDS, "second")]
    assert account.remaining() == [] and course.left == []
    assert course.all_hold is (outcome == NOT_TRIED)


def test_what_was_made_is_removed_last_first_also_after_an_interruption() -> None:
    account, _ = _account()
    removed: list[str] = []

    def makes(account: Account) -> str:
        for name in ("one", "two"):
            account.afterwards(name, lambda name=name: removed.append(name))  # type: ignore[misc]
        raise KeyboardInterrupt

    course = run([_check("makes", makes), _check("never", lambda _: "seen")], account)
    assert removed == ["two", "one"]
    assert [(each.check.name, each.outcome) for each in course.results] == [("makes", NOT_TRIED), ("never", NOT_TRIED)]


def test_what_cannot_be_removed_is_named_and_the_rest_is_removed_all_the_same() -> None:
    account, _ = _account()
    removed: list[str] = []
    account.afterwards("role x", lambda: removed.append("role x"))
    account.afterwards("bucket y", _raise_of(error("DeleteBucket", "BucketNotEmpty")))
    account.afterwards("stack z", _raise_of(error("DescribeStacks", "ValidationError", "Stack with id z: none")))
    left = account.clean_up()
    assert removed == ["role x"]
    assert len(left) == 1 and left[0].startswith("bucket y: ") and "BucketNotEmpty" in left[0]


def _raise_of(problem: Exception) -> Callable[[], object]:
    def undo() -> object:
        raise problem

    return undo


def test_keep_removes_nothing_and_says_what_stays() -> None:
    account, _ = _account(keep=True)
    account.afterwards("x", _raise_of(OSError()))
    course = run([_check("makes", lambda _: "seen")], account)
    assert course.left == ["x: kept (--keep)"] and course.all_hold


def test_waiting_ends_by_the_clock() -> None:
    times = iter(range(0, 10_000, 100))
    account = Account(lambda _: None, clock=lambda: float(next(times)), sleep=lambda _: None)
    with pytest.raises(TooLongError, match="the thing: not within 5 minutes"):
        account.wait("the thing", lambda: "", minutes=5)


def test_a_check_without_claim_or_source_is_refused() -> None:
    def silent(account: Account) -> str:
        """Something, without saying where it is from."""
        return account.prefix

    with pytest.raises(ValueError, match="Source"):
        check()(silent)


def test_an_interrupted_cleanup_names_all_that_is_left() -> None:
    account, _ = _account()
    account.afterwards("role x", lambda: None)

    def interrupted() -> object:
        raise KeyboardInterrupt

    account.afterwards("endpoint y", interrupted)
    assert account.clean_up() == ["endpoint y: interrupted", "role x: interrupted"]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> tuple[ScriptedAws, list[Check]]:
    """The command with two checks, one of which fails, and AWS by script."""
    aws = ScriptedAws({"sts.GetCallerIdentity": IDENTITY, "sqs.CreateQueue": {"QueueUrl": "https://q"}})

    def makes_queue(account: Account) -> str:
        account.client("sqs").create_queue(QueueName=account.prefix)
        return f"queue in {account.identity()['Account']} | ready"

    checks = [_check("queue", makes_queue, usd=0.25), _check("wrong", _raising(RefutedError("it is otherwise")))]
    monkeypatch.setattr(verify, "every_check", lambda: checks)
    monkeypatch.setattr(verify, "_clients", lambda _: aws.client)
    return aws, checks


def _invoke(tmp_path: Path, *arguments: str, answer: str = "") -> tuple[int, str, Path]:
    table = tmp_path / "verified-on-aws.md"
    done = CliRunner().invoke(verify.command, ["--output", str(table), *arguments], input=answer)
    return done.exit_code, done.output, table


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_nothing_is_asked_of_aws_and_nothing_written_before_somebody_agrees(
    answer: str, cli: tuple[ScriptedAws, list[Check]], tmp_path: Path
) -> None:
    code, output, table = _invoke(tmp_path, answer=answer)
    assert code == 1 and cli[0].calls == [] and not table.exists()
    assert "2 checks, which cost up to about 0.75 US dollars" in output
    assert "claim of queue Makes a thing of queue." in output


def test_list_says_what_would_be_made_and_paid_and_asks_nothing(
    cli: tuple[ScriptedAws, list[Check]], tmp_path: Path
) -> None:
    code, output, table = _invoke(tmp_path, "--list")
    assert code == 0 and cli[0].calls == [] and not table.exists()
    assert "0.75 US dollars" in output and "Begin?" not in output


@pytest.mark.usefixtures("cli")
@pytest.mark.parametrize(("arguments", "answer"), [(["--yes"], ""), ([], "y\n")])
def test_results_are_written_dated_and_without_the_account(arguments: list[str], answer: str, tmp_path: Path) -> None:
    code, output, table = _invoke(tmp_path, *arguments, answer=answer)
    written = table.read_text(encoding="utf-8")
    assert code == 1, "a refuted claim fails the command"
    assert "111122223333" in output, "the owner has to see which account it is"
    assert "111122223333" not in written
    assert datetime.now(UTC).strftime("%Y-") in written and "eu-west-1" in written
    assert "| claim of queue<br>`queue`; a document | holds | queue in (account) \\| ready |" in written
    assert "| **refuted** | it is otherwise |" in written


def test_what_is_left_is_named_and_fails_the_command(cli: tuple[ScriptedAws, list[Check]], tmp_path: Path) -> None:
    def leaves(account: Account) -> str:
        account.afterwards(
            "role x", _raise_of(error("DeleteRole", "AccessDenied", "role x not found, or no permission"))
        )
        return "seen"

    cli[1][:] = [_check("leaves", leaves)]
    code, output, _ = _invoke(tmp_path, "--yes")
    assert code == 1
    assert "Still there; remove it by hand:\n  role x: " in output


def test_page_is_written_again_without_asking_aws_or_anybody(
    cli: tuple[ScriptedAws, list[Check]], tmp_path: Path
) -> None:
    code, _, table = _invoke(tmp_path, "--page")
    assert code == 0 and cli[0].calls == []
    assert table.read_text(encoding="utf-8") == page(cli[1], version())


@pytest.mark.usefixtures("cli")
def test_page_does_not_overwrite_what_a_run_has_shown(tmp_path: Path) -> None:
    _, _, table = _invoke(tmp_path, "--yes")
    before = table.read_text(encoding="utf-8")
    code, output, _ = _invoke(tmp_path, "--page")
    assert code == 1 and "tells what a run has shown" in output
    assert table.read_text(encoding="utf-8") == before


def test_an_unknown_check_is_refused_in_one_line(cli: tuple[ScriptedAws, list[Check]], tmp_path: Path) -> None:
    code, output, _ = _invoke(tmp_path, "--yes", "--only", "nonsense")
    assert code == 2 and "nonsense: there is no such check" in output and cli[0].calls == []


def test_a_claim_that_was_not_tried_is_not_called_verified() -> None:
    checks = [_check("tried", lambda _: "seen"), _check("left-out", lambda _: "seen")]
    account, _ = _account()
    written = page(checks, "1.2.3", run(checks[:1], account), "2026-01-01", "eu-west-1")
    assert "| claim of tried<br>`tried`; a document | holds | seen |" in written
    assert f"| claim of left-out<br>`left-out`; a document | {NOT_YET} |  |" in written


def test_without_a_run_nothing_is_called_verified() -> None:
    written = page([_check("a", lambda _: "")], "1.2.3")
    assert "holds" not in written and NOT_YET in written


def test_addresses_and_ids_stay_out_of_the_published_table() -> None:
    checks = [
        _check("a", lambda _: f"o-a1b2c3d4e5 arn:aws:x:eu-west-1:111122223333:connection/{ID} by a.b@example.com <b>")
    ]
    account, _ = _account()
    written = page(checks, "1.2.3", run(checks, account), "2026-01-01", "eu-west-1")
    assert "(organisation) arn:aws:x:eu-west-1:(account):connection/(id) by (address) &lt;b&gt;" in written
