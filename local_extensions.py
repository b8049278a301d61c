"""Answer rules."""
import re
from cookiecutter.utils import simple_filter


@simple_filter
def slugify_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
