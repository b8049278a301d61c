"""The peer of `benchmarks/preprocess.py`: what our preprocess step does, as one would write it in pandas."""

from __future__ import annotations

import argparse
import hashlib
import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd

SPLITS = ("train", "validation", "test")


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("--project", "--input", "--preprocessing", "--summary", *(f"--{split}" for split in SPLITS)):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--csv", action="store_true", help="write CSV, as most SageMaker examples do between steps")
    arguments = parser.parse_args()
    data = tomllib.loads((arguments.project / "project.toml").read_text())["data"]
    paths = sorted(arguments.input.glob("*.csv"))

    markers = data["null_values"]
    options = {"na_values": markers, "keep_default_na": False, "skipinitialspace": True}
    frames = [pd.read_csv(path, **options) for path in paths]
    table = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    texts = [name for name in table.columns if pd.api.types.is_string_dtype(table[name])]
    for name in texts:
        table[name] = table[name].str.strip()
    table[texts] = table[texts].replace(markers, np.nan)

    draws = np.random.default_rng(data["seed"]).random(len(table))
    number = np.searchsorted(np.cumsum(list(data["splits"].values()))[:-1], draws, side="right")
    splits = {split: table[number == position] for position, split in enumerate(SPLITS)}

    train = splits["train"]
    classes = sorted(train[data["label"]].dropna().unique(), key=lambda value: value == data["positive"])
    target = (train[data["label"]] == data["positive"]).astype(float)
    features = []
    for name in table.columns:
        if name in (data["label"], *data["exclude"]):
            continue
        if name in texts:
            means = target.groupby(train[name]).mean().reset_index()
            order = means.sort_values([data["label"], name])[name].tolist()
            features.append({"name": name, "type": "string", "categories": order})
        else:
            kind = "integral" if pd.api.types.is_integer_dtype(table[name]) else "fractional"
            features.append({"name": name, "type": kind})

    for split, frame in splits.items():
        folder = getattr(arguments, split)
        folder.mkdir(parents=True, exist_ok=True)
        if arguments.csv:
            frame.to_csv(folder / "data.csv", index=False)
        else:
            frame.to_parquet(folder / "data.parquet", index=False)
    for folder in (arguments.preprocessing, arguments.summary):
        folder.mkdir(parents=True, exist_ok=True)
    encoders = {"label": data["label"], "classes": classes, "features": features}
    (arguments.preprocessing / "preprocessing.json").write_text(json.dumps(encoders))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    summary = {
        "rows": len(table),
        "sha256": hashlib.sha256("".join(f"{digest}\n" for digest in files.values()).encode()).hexdigest(),
        "files": files,
        "splits": {split: len(frame) for split, frame in splits.items()},
        "features": [feature["name"] for feature in features],
    }
    (arguments.summary / "data.json").write_text(json.dumps(summary))


if __name__ == "__main__":
    main()
