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
    arguments = parser.parse_args()
    data = tomllib.loads((arguments.project / "project.toml").read_text())["data"]
    paths = sorted(arguments.input.glob("*.csv"))

    table = pd.concat([pd.read_csv(path, na_values=data["null_values"]) for path in paths], ignore_index=True)
    texts = [name for name in table.columns if pd.api.types.is_string_dtype(table[name])]
    for name in texts:
        table[name] = table[name].str.strip()
    table[texts] = table[texts].replace(data["null_values"], np.nan)

    draws = np.random.default_rng(data["seed"]).random(len(table))
    number = np.searchsorted(np.cumsum(list(data["splits"].values()))[:-1], draws, side="right")
    splits = {split: table[number == position] for position, split in enumerate(SPLITS)}

    train = splits["train"]
    target = (train[data["label"]] == data["positive"]).astype(float)
    features = []
    for name in table.columns:
        if name in (data["label"], *data["exclude"]):
            continue
        if name in texts:
            means = target.groupby(train[name]).mean().reset_index()
            order = means.sort_values([data["label"], name])[name].tolist()
            features.append({"name": name, "categories": order})
        else:
            features.append({"name": name})

    for split, frame in splits.items():
        folder = getattr(arguments, split)
        folder.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(folder / "data.parquet", index=False)
    for folder in (arguments.preprocessing, arguments.summary):
        folder.mkdir(parents=True, exist_ok=True)
    (arguments.preprocessing / "preprocessing.json").write_text(json.dumps({"features": features}))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    (arguments.summary / "data.json").write_text(json.dumps({"rows": len(table), "files": files}))


if __name__ == "__main__":
    main()
