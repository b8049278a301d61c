"""`verify-aws` against the emulated AWS with a published catalogue: what it tries holds, and nothing is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service_catalog.verify_aws.account import Account, Options
from service_catalog.verify_aws.checks import every_check
from service_catalog.verify_aws.course import HOLDS, Course, run
from tests.catalog.offered import Offered, offered

pytestmark = pytest.mark.slow

# The emulator starts no pipeline and no CI, calls no topic as a custom resource, doesn't tell which role made a stack,
# and doesn't list everything by its tags.
TRIED = (
    "codecommit_push_by_sigv4",
    "push_through_the_connection",
    "workflow_push_through_the_connection",
    "seeder_says_what_is_wrong",
    "project_from_service_catalog",
    "project_from_s3_template",
    "channel_role_deletes",
    "launch_role_deletes",
)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offered]:
    with offered(tmp_path_factory.mktemp("verified")) as found:
        yield found


@pytest.fixture(scope="module")
def tried(catalog: Offered) -> tuple[Course, set[str], set[str]]:
    """The course, and what the account held before and after."""
    aws = catalog.aws
    connected = catalog.connected("verified")
    options = Options(
        connection_arn=connected["ConnectionArn"],
        repository=connected["BuildRepository"],
        template_url=f"https://sagemaker-mlops-{aws.account}-{aws.region}.s3.{aws.region}.amazonaws.com"
        "/studio/project-codepipeline.yaml",
        template_role_arn=f"arn:aws:iam::{aws.account}:role/SageMakerMlopsProjectsLaunch",
    )
    checks = [each for each in every_check() if each.name in TRIED]
    assert len(checks) == len(TRIED)
    before = catalog.held()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GIT_ENDPOINT_CODECOMMIT", "GIT_ENDPOINT_CONNECTIONS"):
            patch.setenv(name, aws.endpoint)
        course = run(checks, Account(catalog.as_role, options, sleep=lambda _: None))
    return course, before, catalog.held()


def test_every_claim_that_can_be_tried_there_holds(tried: tuple[Course, set[str], set[str]]) -> None:
    outcomes = {result.check.name: (result.outcome, result.evidence) for result in tried[0].results}
    assert {name: found for name, found in outcomes.items() if found[0] != HOLDS} == {}


def test_nothing_is_left_in_the_account(tried: tuple[Course, set[str], set[str]]) -> None:
    course, before, after = tried
    assert course.left == []
    assert after - before == set()
