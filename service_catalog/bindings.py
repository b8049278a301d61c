"""The fields for bindings, declared once: where a project's bytes live. None of them is ever rendered into a file."""

from __future__ import annotations

from service_catalog.fields import Field
from service_catalog.seeder.function.properties import PATH

REPOSITORIES, STAGES, NETWORK, PEOPLE = "Repositories", "Accounts of the stages", "Network", "People and money"
CONNECTION = "arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]{36}"
ACCOUNT = "([0-9]{12})?"
SUBNETS = "(subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17}){0,15})?"
GROUPS = "(sg-[0-9a-f]{8,17}(,sg-[0-9a-f]{8,17}){0,4})?"
KEY = "(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/(mrk-)?[0-9a-f-]{32,36})?"
BUCKET = "([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?"
EMAIL = "([a-zA-Z0-9_.+-]{1,64}@[a-zA-Z0-9-]{1,63}(\\.[a-zA-Z0-9-]{1,63})+)?"
SUBJECT = "repo:[a-zA-Z0-9_.-]+(@[0-9]+)?/[a-zA-Z0-9_.-]+(@[0-9]+)?"
FLAVOURS = ("codepipeline", "github", "gitlab")


def binding_fields(ci: str) -> list[Field]:
    """Bindings of one CI flavour, in the form's order."""
    return [*_repositories(ci), *_stages(), *_network(), *_people(ci)]


def _repositories(ci: str) -> list[Field]:
    """Existing empty repositories behind a connection; for CodePipeline, the stack's own in CodeCommit by default."""
    owned = ci == "codepipeline"
    default = "" if owned else None
    elsewhere = "; empty for CodeCommit, which the stack makes" if owned else ""
    connection = f"({CONNECTION})?" if owned else CONNECTION
    path = f"({PATH})?" if owned else PATH
    fields = [
        Field(
            "ConnectionArn",
            "Connection to the git host",
            REPOSITORIES,
            f"the ARN of an available connection of CodeConnections{elsewhere}",
            connection,
            default=default,
        ),
        *(
            Field(
                f"{name}Repository",
                f"Repository for model-{name.lower()}",
                REPOSITORIES,
                f"the path of an existing, empty repository, such as OWNER/NAME{elsewhere}",
                path,
                255,
                default=default,
            )
            for name in ("Build", "Deploy")
        ),
    ]
    if ci == "github":
        fields += [
            Field(
                f"{name}RepositorySubject",
                f"How GitHub's tokens name model-{name.lower()}",
                REPOSITORIES,
                "repo:OWNER@OWNER_ID/NAME@REPOSITORY_ID, as `gh api repos/OWNER/NAME` tells",
                SUBJECT,
                255,
            )
            for name in ("Build", "Deploy")
        ]
    if ci == "gitlab":
        fields += [
            Field(
                "GitLabHost",
                "Host of GitLab",
                REPOSITORIES,
                "a host name",
                "[a-z0-9]([a-z0-9.-]*[a-z0-9])?",
                253,
                default="gitlab.com",
            ),
            Field(
                "ProtectedEnvironments",
                "Does GitLab offer protected environments?",
                REPOSITORIES,
                "yes: Premium, from 18.7; no: every job on main may go to production",
                choices=("yes", "no"),
                default="yes",
            ),
        ]
    if ci != "codepipeline":
        fields.append(
            Field(
                "OidcProviderArn",
                "The account's provider for the host's tokens",
                REPOSITORIES,
                "the ARN of an OIDC provider, which an administrator makes once per account",
                "arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[a-zA-Z0-9_./-]+",
            )
        )
    return fields


def _stages() -> list[Field]:
    made = "output of the stage's own stack; empty while it doesn't exist, and in one account"
    return [
        field
        for stage in ("Staging", "Production")
        for field in (
            Field(
                f"{stage}AccountId",
                f"Account of {stage.lower()}",
                STAGES,
                "12 digits; empty for this account",
                ACCOUNT,
                default="",
            ),
            Field(f"{stage}KmsKeyArn", f"Key of {stage.lower()}", STAGES, f"KmsKeyArn, {made}", KEY, default=""),
            Field(
                f"{stage}StateBucket",
                f"Terraform's state of {stage.lower()}",
                STAGES,
                f"StateBucket, {made}, and without Terraform",
                BUCKET,
                63,
                default="",
            ),
        )
    ]


def _network() -> list[Field]:
    return [
        field
        for stage, whose in (("", "training"), ("Staging", "staging"), ("Production", "production"))
        for field in (
            Field(
                f"{stage}SubnetIds",
                f"Private subnets for {whose}",
                NETWORK,
                "up to 16 subnets, comma-separated; empty for no VPC",
                SUBNETS,
                default="",
            ),
            Field(
                f"{stage}SecurityGroupIds",
                f"Security groups for {whose}",
                NETWORK,
                "up to 5 security groups, comma-separated; empty without subnets",
                GROUPS,
                default="",
            ),
        )
    ]


def _people(ci: str) -> list[Field]:
    fields = [
        Field(
            "NotificationEmail",
            "Who hears of failures, approvals and budgets",
            PEOPLE,
            "an e-mail address; empty for nobody",
            EMAIL,
            254,
            default="",
        ),
        Field(
            "MonthlyBudgetUsd",
            "Monthly budget for training and CI, in US dollars",
            PEOPLE,
            "a number of dollars, from 1",
            default="200",
            numeric=True,
        ),
    ]
    if ci != "codepipeline":
        fields.insert(
            1,
            Field("CommitterEmail", "Address on commits of approvals", PEOPLE, "an e-mail address", EMAIL[1:-2], 254),
        )
    return fields
