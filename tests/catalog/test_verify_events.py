"""What the check makes of an event that EventBridge cannot deliver."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service_catalog.verify_aws import event_checks
from service_catalog.verify_aws.checks import RefutedError
from tests.catalog.verify_scripts import scripted

MESSAGE = {
    "MessageId": "1",
    "Body": "{}",
    "MessageAttributes": {"ERROR_CODE": {"StringValue": "NO_PERMISSIONS", "DataType": "String"}},
}


def _script(*answers: dict[str, Any]) -> dict[str, Any]:
    left = iter(answers)
    return {
        "sqs.CreateQueue": lambda asked: {"QueueUrl": f"https://{asked['QueueName']}"},
        "sqs.ReceiveMessage": lambda _: next(left, {}),
        "sqs.GetQueueUrl": lambda asked: {"QueueUrl": f"https://{asked['QueueName']}"},
        "sqs.DeleteQueue": {},
        "events.PutRule": {"RuleArn": "arn:aws:events:eu-west-1:111122223333:rule/r"},
        "events.PutTargets": {"FailedEntryCount": 0},
        "events.PutEvents": {"FailedEntryCount": 0},
        "events.RemoveTargets": {"FailedEntryCount": 0},
        "events.DeleteRule": {},
    }


def test_an_event_whose_target_refuses_it_is_found_in_the_dead_letter_queue() -> None:
    account, aws = scripted(_script({}, {"Messages": [MESSAGE]}))
    assert event_checks.undeliverable_event_reaches_its_queue(account).endswith(": NO_PERMISSIONS")
    (target,) = aws.asked("events.PutTargets")[0]["Targets"]
    dead, closed = aws.asked("sqs.CreateQueue")
    assert target["Arn"].endswith(f":{closed['QueueName']}") and "Policy" not in closed["Attributes"]
    assert target["DeadLetterConfig"]["Arn"].endswith(f":{dead['QueueName']}")
    condition = json.loads(dead["Attributes"]["Policy"])["Statement"]["Condition"]
    assert condition == {"ArnLike": {"aws:SourceArn": "arn:aws:events:eu-west-1:111122223333:rule/verify-1-*"}}
    assert aws.asked("events.PutRule")[0]["Name"].startswith("verify-1-")
    assert {each["QueueUrl"] for each in aws.asked("sqs.ReceiveMessage")} == {f"https://{dead['QueueName']}"}
    assert account.clean_up() == []
    assert len(aws.asked("sqs.DeleteQueue")) == 2 and len(aws.asked("events.DeleteRule")) == 1


def test_a_dead_letter_queue_that_stays_empty_refutes_the_claim() -> None:
    account, _ = scripted(_script())
    with pytest.raises(RefutedError, match="nothing arrived in the dead-letter queue within 10 minutes"):
        event_checks.undeliverable_event_reaches_its_queue(account)
