"""AWS::EC2::FlowLog, SecurityGroupIngress and SecurityGroupEgress, over the EC2 MiniStack emulates.

AWS: Ref gives the flow log's id and the rule's id; any change but of tags and descriptions replaces. Simplified: no
traffic, so that nothing is logged or held back; in-place changes are refused.
"""

from __future__ import annotations

from typing import Any

from rehearsal.emulated_aws.errors import NotEmulatedError
from rehearsal.emulated_aws.resources.calls import asked, own_tags
from rehearsal.emulated_aws.resources.registry import Made, Properties, ResourceType, register

_OF_FLOW_LOG = ("DeliverLogsPermissionArn", "LogDestinationType", "LogDestination", "LogGroupName", "TrafficType")


def create_flow_log(_logical_id: str, properties: Properties, _stack: str) -> Made:
    given = {name: properties[name] for name in _OF_FLOW_LOG if name in properties}
    tags = own_tags(properties.get("Tags", []))
    more = {"TagSpecifications": [{"ResourceType": "vpc-flow-log", "Tags": tags}]} if tags else {}
    target = {"ResourceIds": [properties["ResourceId"]], "ResourceType": properties["ResourceType"]}
    identifier = asked("ec2", "create_flow_logs", **target, **given, **more)["FlowLogIds"][0]
    return identifier, {"Id": identifier}


def delete_flow_log(identifier: str, _properties: Properties) -> None:
    asked("ec2", "delete_flow_logs", FlowLogIds=[identifier])


def _permission(properties: Properties, peer: str) -> Properties:
    """The rule as the API writes it; `peer` begins the names of the group on the other side."""
    names = {"IpProtocol": "IpProtocol", "FromPort": "FromPort", "ToPort": "ToPort"}
    permission: dict[str, Any] = {theirs: properties[ours] for ours, theirs in names.items() if ours in properties}
    described = {"Description": properties["Description"]} if "Description" in properties else {}
    if group := properties.get(f"{peer}SecurityGroupId"):
        permission["UserIdGroupPairs"] = [{"GroupId": group, **described}]
    if cidr := properties.get("CidrIp"):
        permission["IpRanges"] = [{"CidrIp": cidr, **described}]
    if listed := properties.get(f"{peer}PrefixListId"):
        permission["PrefixListIds"] = [{"PrefixListId": listed, **described}]
    return permission


def _rule(name: str, direction: str, peer: str) -> ResourceType:
    def create(_logical_id: str, properties: Properties, _stack: str) -> Made:
        request = {"GroupId": properties["GroupId"], "IpPermissions": [_permission(properties, peer)]}
        made = asked("ec2", f"authorize_security_group_{direction}", **request)["SecurityGroupRules"][0]
        return made["SecurityGroupRuleId"], {"Id": made["SecurityGroupRuleId"]}

    def delete(_physical_id: str, properties: Properties) -> None:
        request = {"GroupId": properties["GroupId"], "IpPermissions": [_permission(properties, peer)]}
        asked("ec2", f"revoke_security_group_{direction}", **request)

    return ResourceType(name, create, _unchanged, delete)


def _unchanged(physical_id: str, old: Properties, new: Properties) -> Made:
    if old != new:
        raise NotEmulatedError("a change of a flow log or of a security group's rule")
    return physical_id, {"Id": physical_id}


def install() -> None:
    flow_log = (create_flow_log, _unchanged, delete_flow_log)
    register(ResourceType("AWS::EC2::FlowLog", *flow_log, None, ("Tags", "list")))
    register(_rule("AWS::EC2::SecurityGroupIngress", "ingress", "Source"))
    register(_rule("AWS::EC2::SecurityGroupEgress", "egress", "Destination"))
