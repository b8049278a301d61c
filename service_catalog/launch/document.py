"""The table of docs/launch-role.md: each wildcard that stays in the launch roles, and why.

python -m service_catalog.launch.document    # writes it again
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from service_catalog.launch.scopes import POLICY_SCOPES
from service_catalog.launch.statements import STACKS, Statement, policies, stack_statements, template_statements

PAGE = Path(__file__).resolve().parents[2] / "docs" / "launch-role.md"
BEGIN, END = "<!-- made by python -m service_catalog.launch.document -->", "<!-- end -->"
WHY_IN_ROLES = {
    "Stacks": "Service Catalog and SageMaker make up the rest of the stack's name, CloudFormation its id",
    "Templates": "the actions have no resource to name; they read a template that the caller holds",
    "ProvisionedTemplates": "Service Catalog's bucket is not ours to name; only objects that it has tagged itself",
    "StudioTemplates": "the account and region of the channel's bucket; only the folder of Studio's templates",
}


def reasons() -> dict[str, str]:
    """Why each statement's wildcard stays, by the statement's id."""
    return {scope.sid: scope.why for scopes in POLICY_SCOPES.values() for scope in scopes if scope.why} | WHY_IN_ROLES


def has_wildcard(statement: Statement) -> bool:
    resources = statement["Resource"]
    return any(sign in each for each in ([resources] if isinstance(resources, str) else resources) for sign in "*?")


def table() -> str:
    """One row for each statement that allows something on a wildcard."""
    why = reasons()
    rows = ["| statement | actions | on | why the wildcard stays |", "|---|---|---|---|"]
    for each in _statements():
        resources = [each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"]
        places = ", ".join(f"`{_short(one)}`" for one in resources)
        actions = ", ".join(f"`{action}`" for action in each["Action"])
        rows.append(f"| {each['Sid']} | {actions} | {places} | {why[each['Sid']]} |")
    return "\n".join(rows)


def _statements() -> Iterator[Statement]:
    seen: set[str] = set()
    own = [each for role in STACKS for each in [*stack_statements(role), *template_statements(role)]]
    for each in [*(one for statements in policies().values() for one in statements), *own]:
        actions = [each["Action"]] if isinstance(each["Action"], str) else each["Action"]
        if each["Effect"] == "Allow" and has_wildcard(each) and (key := f"{each['Sid']}{each['Resource']}") not in seen:
            seen.add(key)
            yield {**each, "Action": actions}


def _short(resource: str) -> str:
    """Without partition, region and account, which are the stack's own."""
    return (
        resource.replace("arn:${AWS::Partition}:", "")
        .replace(":${AWS::Region}:${AWS::AccountId}:", ":")
        .replace("::${AWS::AccountId}:", ":")
    )


def page_with(text: str) -> str:
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
