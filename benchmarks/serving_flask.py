"""The peer of benchmarks/serving.py: the same model behind Flask, with the native library, as most projects serve it.

    MODEL_DIR=... gunicorn --workers 1 serving_flask:app

No framework's table is made per request: encoding is plain dictionaries and numpy, which is faster than pandas here.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from flask import Flask, Response, request

FOLDER = Path(os.environ["MODEL_DIR"])
SIGNATURE = json.loads((FOLDER / "signature.json").read_text())
FEATURES = [feature["name"] for feature in SIGNATURE["features"]]
CODES = [
    {name: float(code) for code, name in enumerate(feature["categories"])} if "categories" in feature else None
    for feature in SIGNATURE["features"]
]
NULLS = {"", "?", "NA"}
CLASSES = SIGNATURE["classes"]
BOOSTER = xgb.Booster(model_file=FOLDER / "model.ubj")
app = Flask(__name__)


@app.get("/ping")
def ping() -> str:
    return ""


@app.post("/invocations")
def invocations() -> Response:
    if request.mimetype == "text/csv":
        rows = [line for line in csv.reader(request.get_data(as_text=True).splitlines()) if line]
    else:
        rows = [[row[name] for name in FEATURES] for row in request.get_json()["instances"]]
    features = np.array([[encode(value, codes) for value, codes in zip(row, CODES, strict=True)] for row in rows])
    scores = BOOSTER.inplace_predict(features.astype(np.float32), validate_features=False)
    answers = [{"prediction": CLASSES[int(score > 0.5)], "score": float(score)} for score in scores]
    if request.mimetype == "text/csv":
        return Response("".join(f"{a['prediction']},{a['score']}\n" for a in answers), mimetype="text/csv")
    return Response(json.dumps({"predictions": answers}), mimetype="application/json")


def encode(value: Any, codes: dict[str, float] | None) -> float:
    if isinstance(value, str):
        value = value.strip()
    if value is None or value in NULLS:
        return float("nan")
    return float(value) if codes is None else codes.get(value, float("nan"))
