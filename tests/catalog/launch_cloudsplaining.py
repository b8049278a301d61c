"""Run by the validators' environment: what cloudsplaining finds in policies, as JSON on stdout.

python launch_cloudsplaining.py < POLICIES    # [{"name": …, "policy": …}]
"""

from __future__ import annotations

import json
import sys
from typing import Any

QUESTIONS = {
    "privilege escalation": "allows_privilege_escalation",
    "data exfiltration": "allows_data_exfiltration_actions",
    "credentials exposure": "credentials_exposure",
    "resource exposure": "permissions_management_without_constraints",
    "unconstrained write": "write_actions_without_constraints",
    "unconstrained tagging": "tagging_actions_without_constraints",
    "service wildcard": "service_wildcard",
}


def main() -> None:
    from cloudsplaining.scan.policy_document import PolicyDocument  # type: ignore[import-not-found]

    found = []
    for each in json.load(sys.stdin):
        document: Any = PolicyDocument(each["policy"])
        found += [
            {"policy": each["name"], "question": question, "answer": str(answer)}
            for question, attribute in QUESTIONS.items()
            for answer in getattr(document, attribute)
        ]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
