"""Asks the IAM simulator whether requests would be allowed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.machine import run_command
from tests.npm_tools import NodeTools

SCRIPT = Path(__file__).with_name("simulate.mjs")


@dataclass(frozen=True)
class Request:
    """An action on a resource, with the context that AWS would know."""

    action: str
    resource: str
    context: dict[str, Any] = field(default_factory=dict)
    account: str = ""
    resource_policy: Any = None


@dataclass(frozen=True)
class Simulator:
    tools: NodeTools

    def results(
        self,
        requests: Sequence[Request],
        principal: str,
        policies: Sequence[dict[str, Any]],
        boundary: dict[str, Any] | None = None,
    ) -> list[str]:
        """`Allowed`, `ImplicitlyDenied`, `ExplicitlyDenied`, or `error: …` where the request can't exist."""
        account = principal.split(":")[4]
        simulations = [
            {
                "request": {
                    "principal": principal,
                    "action": request.action,
                    "resource": {"resource": request.resource, "accountId": request.account or account},
                    "contextVariables": request.context,
                },
                "identityPolicies": list(policies),
                "serviceControlPolicies": [],
                "resourceControlPolicies": [],
                **({"permissionBoundaryPolicies": [boundary]} if boundary else {}),
                **({"resourcePolicy": request.resource_policy} if request.resource_policy else {}),
            }
            for request in requests
        ]
        done = run_command([self.tools.node, SCRIPT, f"{self.tools.modules}/"], given=json.dumps(simulations))
        assert done.returncode == 0, done.stdout
        answers = json.loads(done.stdout)
        return [f"error: {answer['errors']}" if "errors" in answer else str(answer["result"]) for answer in answers]
