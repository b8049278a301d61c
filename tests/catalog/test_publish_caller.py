"""Who may publish to an organisation: its management account, and members that are registered for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from service_catalog.publisher.aws import Aws
from service_catalog.publisher.caller_step import CallerStep
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.settings import EXAMPLE, SHARES, STACK_SETS, load_settings
from tests.catalog.scripted_aws import Answer, ScriptedAws, error

ME, MANAGEMENT = "111122223333", "999988887777"
ORGANISATION = {"Organization": {"MasterAccountId": MANAGEMENT}}
LISTED, DESCRIBED = "organizations.ListDelegatedAdministrators", "organizations.DescribeOrganization"


def _compared(script: Mapping[str, Any], account: str = ME) -> ScriptedAws:
    scripted = ScriptedAws(script)
    aws = Aws(cast(Any, scripted), account, "eu-west-1", "aws", _Clients(scripted))
    assert CallerStep(aws, [SHARES, STACK_SETS]).compare() == []
    return scripted


class _Clients(dict[str, Any]):
    def __init__(self, scripted: ScriptedAws) -> None:
        super().__init__(organizations=scripted.client("organizations"))


def _registered_for(*principals: str) -> Any:
    def answer(request: Mapping[str, Any]) -> Answer:
        found = [{"Id": ME}] if request["ServicePrincipal"] in principals else [{"Id": "444455556666"}]
        return {"DelegatedAdministrators": found}

    return answer


def test_the_management_account_needs_no_registration() -> None:
    assert len(_compared({DESCRIBED: ORGANISATION}, MANAGEMENT).calls) == 1


def test_a_member_registered_for_both_services_may_publish() -> None:
    script = {DESCRIBED: ORGANISATION, LISTED: _registered_for(SHARES, STACK_SETS)}
    assert len(_compared(script).asked(LISTED)) == 2


@pytest.mark.parametrize(
    "listed",
    [_registered_for(SHARES), error("ListDelegatedAdministrators", "AccessDeniedException")],
    ids=["for shares only", "may not even ask"],
)
def test_another_member_is_told_the_command_that_registers_it(listed: Any) -> None:
    with pytest.raises(PublishError, match=f"register-delegated-administrator --account-id {ME} --service-principal"):
        _compared({DESCRIBED: ORGANISATION, LISTED: listed})


def test_an_account_without_organisation_is_told_what_to_empty() -> None:
    with pytest.raises(PublishError, match="belongs to no organisation; empty share_with and launch_units"):
        _compared({DESCRIBED: error("DescribeOrganization", "AWSOrganizationsNotInUseException")})


def test_only_what_acts_for_the_organisation_is_asked_about() -> None:
    settings = load_settings(EXAMPLE)
    assert settings.administers == []
    shared = replace(settings, portfolios=(replace(settings.portfolios[0], share_with=("o-0123456789",)),))
    assert shared.administers == [SHARES]
    units = replace(shared, organisation=replace(settings.organisation, launch_units=("ou-abcd-11111111",)))
    assert units.administers == [SHARES, STACK_SETS]
