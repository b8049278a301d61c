"""CloudFormation refuses a form that contradicts itself, whichever channel it comes by."""

from __future__ import annotations

import pytest

from tests.catalog.project_stacks import CONNECTION, FLAVOURS, TWO_ACCOUNTS, ProjectStack

REFUSED = {
    "OtherAccountsAreNamed": {"Accounts": "multi", "StagingAccountId": "222222222222"},
    "OneAccountNamesNone": {"ProductionAccountId": "222222222222"},
    "SubnetIdsNeedsSecurityGroupIds": {"SubnetIds": "subnet-0a1b2c3d"},
    "SecurityGroupIdsNeedsSubnetIds": {"SecurityGroupIds": "sg-0a1b2c3d"},
    "StagingSubnetIdsNeedsStagingSecurityGroupIds": {"StagingSubnetIds": "subnet-0a1b2c3d"},
    "StagingSecurityGroupIdsNeedsStagingSubnetIds": {"StagingSecurityGroupIds": "sg-0a1b2c3d"},
    "ProductionSubnetIdsNeedsProductionSecurityGroupIds": {"ProductionSubnetIds": "subnet-0a1b2c3d"},
    "ProductionSecurityGroupIdsNeedsProductionSubnetIds": {"ProductionSecurityGroupIds": "sg-0a1b2c3d"},
    "RepositoriesDiffer": {"ConnectionArn": CONNECTION, "BuildRepository": "a/b", "DeployRepository": "a/b"},
}
ONLY_CODEPIPELINE = {
    "ConnectionArnNeedsBuildRepository": {"ConnectionArn": CONNECTION, "DeployRepository": "a/b"},
    "ConnectionArnNeedsDeployRepository": {"ConnectionArn": CONNECTION, "BuildRepository": "a/b"},
    "BuildRepositoryNeedsConnectionArn": {"BuildRepository": "a/b"},
    "DeployRepositoryNeedsConnectionArn": {"DeployRepository": "a/b"},
}


@pytest.mark.parametrize("ci", FLAVOURS)
@pytest.mark.parametrize("rule", REFUSED)
def test_a_contradiction_is_refused_in_words_that_name_the_parameters(ci: str, rule: str) -> None:
    stack = ProjectStack(ci, **REFUSED[rule])
    assert stack.broken_rules() == [rule]
    (assertion,) = stack.template["Rules"][rule]["Assertions"]
    assert any(name in assertion["AssertDescription"] for name in REFUSED[rule])


@pytest.mark.parametrize("rule", ONLY_CODEPIPELINE)
def test_a_connection_and_both_paths_come_together(rule: str) -> None:
    assert ProjectStack("codepipeline", **ONLY_CODEPIPELINE[rule]).broken_rules() == [rule]


@pytest.mark.parametrize("ci", FLAVOURS)
@pytest.mark.parametrize(
    "given", [{}, TWO_ACCOUNTS, {"SubnetIds": "subnet-0a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d"}]
)
def test_a_form_that_holds_together_breaks_no_rule(ci: str, given: dict[str, str]) -> None:
    assert ProjectStack(ci, **given).broken_rules() == []
