"""Templates of versions and stacks: read from S3 by the URLs people write, parsed, bound by rules, given to a stack.

AWS: LoadTemplateFromURL is read when the version is made, and validated; later changes of the object change nothing; a
template constraint adds its rules to the template that is launched. Simplified: only URLs of S3 are read, not GitHub's;
validation is a parse; CloudFormation gets the copy by a URL of the emulator's own.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import ClientError
from ministack.services.cloudformation import engine, helpers

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError

Template = dict[str, Any]
_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com")
_PATH_STYLE = re.compile(r"s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com")
_OWN = "/_rehearsal/templates/"
_held: dict[str, str] = {}


def place_of(url: str) -> tuple[str, str]:
    """Bucket and key. Raises ServiceError for a URL that is not one of S3's."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path).lstrip("/")
    if found := _VIRTUAL_HOST.fullmatch(host):
        return found["bucket"], path
    bucket, separator, key = path.partition("/")
    if separator and (_PATH_STYLE.fullmatch(host) or url.startswith(context.ENDPOINT + "/")):
        return bucket, key
    raise ServiceError("InvalidParametersException", f"Invalid templateUrl. {url} is not an Amazon S3 URL.")


def read(url: str) -> str:
    """The object's text. Raises ServiceError."""
    bucket, key = place_of(url)
    try:
        content: bytes = context.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as refusal:
        raise ServiceError(
            "InvalidParametersException", f"S3 error: {refusal.response['Error']['Message']} {url}"
        ) from refusal
    return content.decode("utf-8")


def parsed(text: str) -> Template:
    """Raises ServiceError for what is no template of CloudFormation."""
    try:
        found = engine._parse_template(text)
    except Exception as fault:
        raise ServiceError("InvalidParametersException", f"Template format error: {fault}") from fault
    if not isinstance(found, dict) or not found.get("Resources"):
        raise ServiceError(
            "InvalidParametersException", "Template format error: At least one Resources member must be defined."
        )
    return dict(found)


def of_version(info: dict[str, str], disable_validation: bool) -> tuple[str, str]:
    """Text and source of a new version. Raises ServiceError."""
    url = info.get("LoadTemplateFromURL") or info.get("TemplateUrl")
    if not url:
        raise NotEmulatedError(f"a version from {', '.join(info) or 'nothing'}")
    text = read(url)
    if not disable_validation:
        parsed(text)
    return text, url


def with_rules(text: str, constraints: list[str]) -> str:
    """The template with the rules of TEMPLATE constraints (their parameters, in JSON)."""
    if not constraints:
        return text
    template = parsed(text)
    rules = dict(template.get("Rules", {}))
    for number, constraint in enumerate(constraints):
        rules |= {f"{name}{number or ''}": rule for name, rule in json.loads(constraint)["Rules"].items()}
    return json.dumps(template | {"Rules": rules})


def url_of(text: str) -> str:
    """Where CloudFormation finds the text, whatever its length."""
    identifier = str(uuid.uuid4())
    _held[identifier] = text
    return f"{context.ENDPOINT}{_OWN}{identifier}"


def install() -> None:
    """Let CloudFormation read the emulator's own copies and S3's URLs in the bucket's own host."""
    resolve = helpers._resolve_document

    def resolve_any(params: Any, body_key: str, url_key: str, label: str) -> Any:
        url = str(helpers._p(params, url_key) or "")
        if url.startswith(context.ENDPOINT + _OWN):
            return _held[url.rpartition("/")[2]], None
        found = _VIRTUAL_HOST.fullmatch(urlsplit(url).hostname or "")
        if not found:
            return resolve(params, body_key, url_key, label)
        plain = f"{context.ENDPOINT}/{found['bucket']}{urlsplit(url).path}"
        replaced = [plain] if isinstance(params.get(url_key), list) else plain
        return resolve({**params, url_key: replaced}, body_key, url_key, label)

    helpers._resolve_document = resolve_any
