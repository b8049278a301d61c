"""Where the launch roles may do what a project stack needs: on which names, under which conditions, and why there.

A scope takes those needed actions that its patterns match. Names begin with the project's, which nobody knows
beforehand: so each pattern begins with a wildcard, and ends in a name that only project stacks give. What is
there already is changed only where it carries a project's tag.
"""

from __future__ import annotations

from service_catalog.launch.data_scopes import KEYS, STORAGE
from service_catalog.launch.delivery_scopes import DELIVERY, LOGS
from service_catalog.launch.identity_scopes import IDENTITIES, PASSING
from service_catalog.launch.operation_scopes import EVENTS, OPERATION, REGISTRY
from service_catalog.launch.scope import Scope

POLICY_SCOPES: dict[str, list[Scope]] = {
    "identities": IDENTITIES,
    "passing": PASSING,
    "keys": KEYS,
    "storage": STORAGE,
    "delivery": DELIVERY,
    "logs": LOGS,
    "operation": OPERATION,
    "events": EVENTS,
    "registry": REGISTRY,
}
