"""Change sets leave out resources whose condition is false.

AWS: such a resource is not part of the stack; MiniStack lists it all the same.
"""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import changesets


def install() -> None:
    resolve = changesets._resolve_props_for_diff

    def resolve_present(template: Any, params: Any, stack_name: str, stack_id: str) -> Any:
        resolved = resolve(template, params, stack_name, stack_id)
        if not template:
            return resolved
        conditions = changesets._evaluate_conditions(template, params)
        resources = resolved["Resources"].items()
        return {"Resources": {n: r for n, r in resources if conditions.get(r.get("Condition"), True)}}

    changesets._resolve_props_for_diff = resolve_present
