"""What EventBridge does with an event that it cannot deliver."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from service_catalog.verify_aws.account import Account, TooLongError
from service_catalog.verify_aws.checks import RefutedError, check
from service_catalog.verify_aws.removing import each_of

WAIT_MINUTES = 10


@check(creates="a rule and two queues for one event of its own")
def undeliverable_event_reaches_its_queue(account: Account) -> str:
    """An event whose target refuses it lands in the dead-letter queue, whose policy asks for its rule.

    Source: EventBridge user guide, eb-rule-dlq; model-deploy's bootstrap templates, Undelivered.
    """
    events, name, who = account.client("events"), f"{account.prefix}-undelivered", account.identity()
    partition, place = who["Arn"].split(":")[1], f"{who['Region']}:{who['Account']}"
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": f"arn:{partition}:sqs:{place}:{name}",
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:{partition}:events:{place}:rule/{account.prefix}-*"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    queue = make_queue(account, name, policy)
    make_queue(account, f"{account.prefix}-closed")
    closed = f"arn:{partition}:sqs:{place}:{account.prefix}-closed"
    account.afterwards(f"rule {name}", lambda: forget_rule(account, name))
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [account.prefix]}))
    target = {"Id": "queue", "Arn": closed, "DeadLetterConfig": {"Arn": allowed["Resource"]}}
    events.put_targets(Rule=name, Targets=[{**target, "RetryPolicy": {"MaximumRetryAttempts": 0}}])
    sent = {"Source": account.prefix, "DetailType": "Try", "Detail": "{}"}
    receive = _asking_again(account, queue, lambda: events.put_events(Entries=[sent]))
    try:
        message = account.wait("the undelivered event", receive, WAIT_MINUTES, 1)[0]
    except TooLongError as error:
        raise RefutedError(f"nothing arrived in the dead-letter queue within {WAIT_MINUTES} minutes") from error
    why = message.get("MessageAttributes", {}).get("ERROR_CODE", {}).get("StringValue", "no reason told")
    return f"the event arrived in the dead-letter queue: {why}"


def _asking_again(account: Account, queue: str, send: Callable[[], object]) -> Callable[[], list[dict[str, Any]]]:
    """A new rule counts only after some seconds: the event is sent before each look."""

    def receive() -> list[dict[str, Any]]:
        send()
        found = account.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20, MessageAttributeNames=["All"])
        return list(found.get("Messages", []))

    return receive


def make_queue(account: Account, name: str, policy: str = "") -> str:
    """URL of a new queue."""
    queues = account.client("sqs")
    account.afterwards(
        f"queue {name}", lambda: queues.delete_queue(QueueUrl=queues.get_queue_url(QueueName=name)["QueueUrl"])
    )
    attributes = {"SqsManagedSseEnabled": "true", **({"Policy": policy} if policy else {})}
    return str(queues.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def forget_rule(account: Account, name: str) -> None:
    """A rule whose one target is called `queue`."""
    events = account.client("events")
    each_of(partial(events.remove_targets, Rule=name, Ids=["queue"]), partial(events.delete_rule, Name=name))
