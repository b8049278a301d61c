"""The steps one after the other on the project's sample data."""

from __future__ import annotations

import hashlib
import re
import shutil
import tarfile
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl
import pytest
import xgboost as xgb
from step_outputs import FEW_ROUNDS, SETTINGS, StepOutputs, preprocess_arguments

from model_build.analysis.checkpoints import Checkpoint, early_stopping
from model_build.settings import PROJECT_ROOT
from model_build.steps import baseline, evaluate, package, preprocess, train
from model_build.steps.command import StepError
from model_build.steps.model_files import read_model

PROBLEM = SETTINGS.project.problem_type
LEAST_MARGIN = {"binary_classification": 0.08, "multiclass_classification": 0.25, "regression": 0.5}


def tree(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_splits_and_encoders(steps: StepOutputs, tmp_path: Path) -> None:
    again = StepOutputs(tmp_path)
    preprocess.main(["--input", str(PROJECT_ROOT / SETTINGS.data.sample), *preprocess_arguments(again)])
    for name in ("train", "validation", "test", "preprocessing", "summary"):
        assert tree(again.root / name) == tree(steps.root / name)


def test_splits_share_out_every_row(steps: StepOutputs) -> None:
    summary = steps.read("summary/data.json")
    assert sum(summary["splits"].values()) == summary["rows"]
    assert summary["splits"]["train"] / summary["rows"] == pytest.approx(SETTINGS.data.splits.train, abs=0.02)


def test_the_same_data_give_the_same_model(steps: StepOutputs, tmp_path: Path) -> None:
    arguments = steps.arguments(train="train", validation="validation", preprocessing="preprocessing")
    train.main([*arguments, "--model-dir", str(tmp_path), "--rounds", FEW_ROUNDS])
    assert tree(tmp_path) == tree(steps.model)


def test_an_interrupted_training_goes_on_from_its_newest_checkpoint(
    steps: StepOutputs, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = steps.arguments(train="train", validation="validation", preprocessing="preprocessing")
    rest = ["--model-dir", str(tmp_path / "model"), "--checkpoint-dir", str(tmp_path / "checkpoints")]
    short = ["--rounds", "55", "--early_stopping_rounds", "55", "--eta", "0.05", "--max_depth", "2"]
    with monkeypatch.context() as interrupted, pytest.raises(KeyboardInterrupt):
        interrupted.setattr(train, "save", interrupt)
        train.main([*arguments, *rest, *short])
    (tmp_path / "checkpoints" / "model_53.ubj").write_bytes(b"cut sho")
    (tmp_path / "checkpoints" / "model_53.json").write_bytes(b'{"trai')
    train.main([*arguments, *rest, *short])
    assert "going on from model_50.ubj with 50 rounds" in capsys.readouterr().out
    record = StepOutputs(tmp_path).read("model/training.json")
    assert record["rounds"] <= 55
    lengths = {len(values) for metrics in record["history"].values() for values in metrics.values()}
    assert lengths == {55}
    assert all(value is not None for value in record["history"]["validation"].popitem()[1])


def interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@pytest.mark.parametrize("removal_reaches_the_bucket", [True, False])
def test_a_finished_training_leaves_nothing_to_go_on_from(
    steps: StepOutputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, removal_reaches_the_bucket: bool
) -> None:
    checkpoints = tmp_path / "checkpoints"
    arguments = steps.arguments(train="train", validation="validation", preprocessing="preprocessing")
    if not removal_reaches_the_bucket:
        monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    for name in ("first", "second"):
        rest = ["--model-dir", str(tmp_path / name), "--checkpoint-dir", str(checkpoints), "--rounds", FEW_ROUNDS]
        train.main([*arguments, *rest])
        kept = [path.name for path in checkpoints.iterdir()]
        assert (kept == ["training.json"]) == removal_reaches_the_bucket
    assert tree(tmp_path / "first") == tree(tmp_path / "second") == tree(steps.model)


def test_early_stopping_counts_the_rounds_before_an_interruption() -> None:
    features = np.random.default_rng(1).normal(size=(80, 2))
    matrix = xgb.DMatrix(features, features[:, 0] > 0)
    booster = xgb.train({"objective": "binary:logistic"}, matrix, 4)
    booster.set_attr(best_iteration="1", best_score="0.5")
    earlier = Checkpoint("model_4.ubj", booster, {"validation": {"logloss": [0.7, 0.5, 0.6, 0.6]}})
    for rounds, stops in ((3, True), (4, False)):
        callback = early_stopping(rounds, "validation", earlier)
        assert callback.after_iteration(booster, 0, {"validation": {"logloss": [0.55]}}) == stops


def test_checkpoints_of_another_training_are_not_used(
    steps: StepOutputs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model_50.ubj").write_bytes(b"of another training")
    (tmp_path / "training.json").write_text('{"fingerprint": "another", "finished": false}', encoding="utf-8")
    arguments = steps.arguments(train="train", validation="validation", preprocessing="preprocessing")
    train.main([*arguments, "--model-dir", str(tmp_path / "model"), "--checkpoint-dir", str(tmp_path), "--rounds", "5"])
    assert "going on" not in capsys.readouterr().out
    assert not (tmp_path / "model_50.ubj").exists()


def test_the_model_beats_a_constant_prediction_by_the_stated_margin(steps: StepOutputs) -> None:
    found = steps.read("evaluation/evaluation.json")["naive_baseline"]
    assert abs(found["difference"]) >= LEAST_MARGIN[PROBLEM], found
    assert (found["difference"] > 0) == (PROBLEM != "regression")


def test_the_gate_passes_with_room_to_spare(steps: StepOutputs) -> None:
    gate = steps.read("evaluation/evaluation.json")["gate"]
    assert gate["passed"], gate["message"]


def test_a_missed_gate_says_which_metric_by_how_much_and_is_no_failure(steps: StepOutputs, tmp_path: Path) -> None:
    unreachable = "-1" if SETTINGS.gate_direction == "lower" else "9"
    outputs = ["--output", str(tmp_path), "--predictions", str(tmp_path / "predictions")]
    evaluate.main([*steps.arguments(model="model", test="test"), *outputs, f"--gate-threshold={unreachable}"])
    gate = StepOutputs(tmp_path).read("evaluation.json")["gate"]
    assert gate["passed"] is False
    assert re.fullmatch(rf"{SETTINGS.gate.metric} [\d.]+ is (below|above) -?[\d.]+ by [\d.]+", gate["message"])


def test_the_report_needs_nothing_from_outside(steps: StepOutputs) -> None:
    report = (steps.evaluation / "report.html").read_text(encoding="utf-8")
    namespaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert set(re.findall(r"https?://[^\"'\s<>]+", report)) <= namespaces
    assert "<script" not in report and "<link" not in report and "url(" not in report.replace("url(#", "")
    assert report.count("<svg ") == report.count('role="img"') >= 3
    assert steps.read("evaluation/evaluation.json")["gate"]["message"] in report


def test_predictions_hold_label_prediction_and_scores(steps: StepOutputs) -> None:
    predictions = pl.read_parquet(steps.predictions / "data.parquet")
    assert predictions.height == steps.read("summary/data.json")["splits"]["test"]
    assert {"label", "prediction"} <= set(predictions.columns)
    assert (not SETTINGS.data.sensitive) or SETTINGS.data.sensitive in predictions.columns
    scores = [name for name in predictions.columns if name.startswith("score")]
    assert bool(scores) == (PROBLEM != "regression")
    if PROBLEM == "multiclass_classification":
        assert predictions.select(pl.sum_horizontal(scores)).to_series().to_numpy() == pytest.approx(1, abs=1e-5)


def test_the_archive_is_flat_and_its_bytes_depend_on_the_model_only(steps: StepOutputs, tmp_path: Path) -> None:
    inputs = steps.arguments(model="model", test="test", evaluation="evaluation", summary="summary")
    package.main([*inputs, "--output", str(tmp_path)])
    assert tree(tmp_path) == tree(steps.package)
    with tarfile.open(tmp_path / "model.tar.gz") as archive:
        assert archive.getnames() == [
            *("model.onnx", "model.ubj", "model_card.json", "model_card.md", "preprocessing.json", "signature.json"),
        ]
    digest = hashlib.sha256((tmp_path / "model.tar.gz").read_bytes()).hexdigest()
    assert StepOutputs(tmp_path).read("package.json")["sha256"] == digest


def test_a_model_archive_is_read_like_its_content(steps: StepOutputs, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        for path in steps.model.iterdir():
            archive.add(path, path.name)
    packed, plain = read_model(tmp_path), read_model(steps.model)
    features = plain.preprocessing.transform(pl.read_parquet(steps.test / "data.parquet").head(20))
    assert np.array_equal(packed.predict(features), plain.predict(features))


def test_a_damaged_model_is_refused_in_one_line(steps: StepOutputs, tmp_path: Path) -> None:
    shutil.copytree(steps.model, tmp_path / "plain")
    (tmp_path / "plain" / "model.ubj").write_bytes(b"{not a model")
    with tarfile.open(tmp_path / "whole.tar.gz", "w:gz") as archive:
        archive.add(steps.model / "model.ubj", "model.ubj")
    whole = (tmp_path / "whole.tar.gz").read_bytes()
    folders = [tmp_path / "plain"]
    for name, content in {"text": b"no archive", "cut": whole[: len(whole) // 2], "empty": b""}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.tar.gz").write_bytes(content)
        folders.append(tmp_path / name)
    for folder in folders:
        with pytest.raises(StepError, match="is damaged or no .*; expected the output of the train step") as refusal:
            read_model(folder)
        assert "\n" not in str(refusal.value)


def test_statistics_describe_the_models_features_in_the_training_split(steps: StepOutputs) -> None:
    statistics = steps.read("baseline/statistics.json")
    assert statistics["dataset"]["item_count"] == steps.read("summary/data.json")["splits"]["train"]
    named = [feature["name"] for feature in steps.read("baseline/constraints.json")["features"]]
    assert named == [feature["name"] for feature in statistics["features"]]
    assert named == [feature["name"] for feature in steps.read("model/signature.json")["features"]]


def test_statistics_of_predictions_describe_every_column(steps: StepOutputs, tmp_path: Path) -> None:
    baseline.main([*steps.arguments(data="predictions"), "--output", str(tmp_path)])
    described = [feature["name"] for feature in StepOutputs(tmp_path).read("statistics.json")["features"]]
    assert described == pl.read_parquet(steps.predictions / "data.parquet").columns
