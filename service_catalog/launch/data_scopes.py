"""Keys, buckets, images and bindings."""

from __future__ import annotations

from service_catalog.launch.names import ALIASES, BUCKETS, arn, every
from service_catalog.launch.scope import HERE, NO_RESOURCE, PREFIX, RANDOM, TAG, TAGGED, TAGGED_NOW, Scope, of_projects

_KEYS = arn("kms", "key/*")
_BUCKETS = [f"arn:${{AWS::Partition}}:s3:::*-{name}-????????????" for name in BUCKETS]
_BINDINGS = [arn("ssm", "parameter/*/bindings/*")]

KEYS = [
    Scope("NewKeys", ("kms:CreateKey",), ["*"], f"{NO_RESOURCE}; only with a project's tag", TAGGED_NOW),
    Scope(
        "TagsOfNewKeys",
        ("kms:TagResource",),
        [_KEYS],
        f"{RANDOM}; only a key without an alias, as a new one is, takes a project's tag",
        {"Null": {"kms:ResourceAliases": "true", f"aws:RequestTag/{TAG}": "false"}},
    ),
    Scope(
        "OwnKeys",
        (
            "kms:PutKeyPolicy",
            "kms:UpdateKeyDescription",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:UpdateAlias",
            "kms:DeleteAlias",
            "kms:CreateAlias",
        ),
        [_KEYS],
        f"{RANDOM}; only keys with a project's tag",
        TAGGED,
    ),
    Scope(
        "KeysOfFailedStacks",
        ("kms:ScheduleKeyDeletion",),
        [_KEYS],
        f"{RANDOM}; only keys with a project's tag, and only after 30 days",
        {**TAGGED, "NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}},
    ),
    Scope(
        "AliasesOfNewKeys",
        ("kms:CreateAlias",),
        [_KEYS],
        f"{RANDOM}; only a key without an alias, since a new key's tag may count minutes later",
        {"Null": {"kms:ResourceAliases": "true"}},
    ),
    Scope(
        "HarmlessToKeys",
        ("kms:DescribeKey", "kms:Get*", "kms:ListResourceTags", "kms:EnableKeyRotation"),
        [_KEYS],
        f"{RANDOM}; it reads about keys, and switches rotation on but never off",
    ),
    Scope(
        "Aliases",
        ("kms:*Alias",),
        every("kms", "alias/", ALIASES),
        f"{PREFIX}; changing or deleting one needs the right to its key, too",
    ),
    Scope(
        "KeysOfImages",
        ("kms:CreateGrant",),
        [_KEYS],
        f"{RANDOM}; only grants that ECR itself asks for",
        {
            "Bool": {"kms:GrantIsForAWSResource": "true"},
            "StringLike": {"kms:ViaService": "ecr.*.amazonaws.com"},
        },
    ),
    Scope(
        "GrantsOfImages",
        ("kms:RetireGrant",),
        [_KEYS],
        f"{RANDOM}; only through ECR",
        {"StringLike": {"kms:ViaService": "ecr.*.amazonaws.com"}},
    ),
]

STORAGE = [
    Scope(
        "Buckets",
        ("s3:*Bucket*", "s3:*Configuration", "s3:*Resource"),
        _BUCKETS,
        f"{PREFIX}, and twelve characters of the stack's id come last; only in this account and no name that ends in "
        "its number; a bucket's tags count only where it is switched to attribute-based access",
        HERE,
    ),
    *of_projects(
        "Images",
        every("ecr", "repository/", ("model-build",)),
        ("ecr:CreateRepository", "ecr:Describe*", "ecr:Get*", "ecr:List*"),
        ("ecr:Delete*", "ecr:Put*", "ecr:Set*", "ecr:UntagResource"),
        "ecr:TagResource",
    ),
    Scope(
        "NewBindings",
        ("ssm:PutParameter",),
        _BINDINGS,
        f"{PREFIX}; it overwrites nothing",
        {"StringNotEquals": {"ssm:Overwrite": "true"}},
    ),
    Scope("ReadBindings", ("ssm:Get*", "ssm:List*"), _BINDINGS, f"{PREFIX}; it only reads"),
    Scope("TagsOfNewBindings", ("ssm:AddTagsToResource",), _BINDINGS, f"{PREFIX}; only a project's tag", TAGGED_NOW),
    Scope(
        "OwnBindings",
        ("ssm:PutParameter", "ssm:DeleteParameter", "ssm:AddTagsToResource", "ssm:RemoveTagsFromResource"),
        _BINDINGS,
        f"{PREFIX}; only with a project's tag",
        TAGGED,
    ),
]
