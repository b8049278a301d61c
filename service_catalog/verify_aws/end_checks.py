"""The end of a project."""

from __future__ import annotations

from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.checks import NotTriedError, RefutedError, check
from service_catalog.verify_aws.project_checks import PROJECT_MINUTES, described, needed, status
from service_catalog.verify_aws.retained import retained

ENDS = ("", "DeleteCompleted", "DeleteFailed")


@check()
def launch_role_deletes(account: Account) -> str:
    """DeleteProject takes the whole stack down again; only what is retained on purpose stays.

    Source: SageMaker developer guide, sagemaker-projects-delete; docs/launch-role.md.
    """
    project, stack = needed(account, "project"), needed(account, "stack")
    if account.keep:
        raise NotTriedError("--keep was given")
    return taken_down(account, project, stack)


def taken_down(account: Account, project: str, stack: str) -> str:
    """Deletes a project and says what stays; raises RefutedError where its stack does."""
    account.client("sagemaker").delete_project(ProjectName=project)
    account.wait(f"deletion of {project}", lambda: status(account, project) in ENDS, PROJECT_MINUTES)
    ended = described(account, stack)["StackStatus"]
    if ended != "DELETE_COMPLETE":
        raise RefutedError(f"the stack ended as {ended}")
    return f"the stack is gone; retained: {', '.join(kind for kind, _ in retained(account, stack)) or 'nothing'}"
