"""Bodies for the media types that an OpenAPI schema can't describe: rows that the server must take."""

from __future__ import annotations

import json
import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

ROWS = json.loads(Path(os.environ["SERVING_ROWS"]).read_text())[:50]
SIGNATURE = json.loads(Path(os.environ["SERVING_SIGNATURE"]).read_text())
NAMES = [feature["name"] for feature in SIGNATURE["features"]]
CASES = [[row[name] for name in NAMES] for row in ROWS]

rows = st.lists(st.sampled_from(CASES), min_size=1, max_size=5)
as_csv = rows.map(lambda lines: "\n".join(",".join("" if v is None else str(v) for v in line) for line in lines))
as_lines = rows.map(lambda lines: "\n".join(map(json.dumps, lines)))
parquet = st.sampled_from([path.read_bytes() for path in sorted(Path(os.environ["SERVING_PARQUET"]).iterdir())])

schemathesis.openapi.media_type("text/csv", as_csv.map(str.encode))
schemathesis.openapi.media_type("application/jsonlines", as_lines.map(str.encode))
schemathesis.openapi.media_type("application/vnd.apache.parquet", parquet)
