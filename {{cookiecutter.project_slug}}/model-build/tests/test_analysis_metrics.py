"""Metrics, curves and intervals against scikit-learn and against hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from model_build.analysis.curves import binary_curves, calibrate, confusion_table
from model_build.analysis.gate import judge
from model_build.analysis.intervals import estimate_metrics
from model_build.analysis.metrics import BinaryScorer, MulticlassScorer, RegressionScorer, point_metrics
from model_build.analysis.model_quality import quality_constraints, quality_metrics

SEEDS = st.integers(0, 10_000)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, ties=st.booleans(), weighted=st.booleans())
def test_binary_metrics_are_those_of_scikit_learn(seed: int, ties: bool, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    label = np.r_[0.0, 1.0, rng.integers(0, 2, 60)]
    score = np.clip(rng.normal(0.4 + 0.2 * label, 0.25), 0.01, 0.99)
    score = score.round(1).clip(0.1, 0.9) if ties else score
    weights = rng.uniform(0.1, 3, 62) if weighted else None
    found = point_metrics(BinaryScorer(label, score), weights)
    predicted = score >= 0.5
    assert found["auc"] == pytest.approx(sk.roc_auc_score(label, score, sample_weight=weights))
    assert found["average_precision"] == pytest.approx(sk.average_precision_score(label, score, sample_weight=weights))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(label, predicted, sample_weight=weights))
    assert found["log_loss"] == pytest.approx(sk.log_loss(label, score, sample_weight=weights))
    assert found["brier"] == pytest.approx(sk.brier_score_loss(label, score, sample_weight=weights))
    if predicted.any():
        assert found["precision"] == pytest.approx(sk.precision_score(label, predicted, sample_weight=weights))
        assert found["recall"] == pytest.approx(sk.recall_score(label, predicted, sample_weight=weights))
    if found["recall"] > 0:
        for name, beta in (("f0_5", 0.5), ("f1", 1), ("f2", 2)):
            expected = sk.fbeta_score(label, predicted, beta=beta, sample_weight=weights)
            assert found[name] == pytest.approx(expected)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, weighted=st.booleans())
def test_multiclass_metrics_are_those_of_scikit_learn(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    label = np.r_[np.arange(4), rng.integers(0, 4, 80)].astype(float)
    probability = rng.dirichlet(np.ones(4), 84)
    weights = rng.uniform(0.1, 3, 84) if weighted else None
    found = point_metrics(MulticlassScorer(label, probability), weights)
    predicted = probability.argmax(axis=1)
    options = {"sample_weight": weights, "zero_division": 0}
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(label, predicted, sample_weight=weights))
    assert found["macro_f1"] == pytest.approx(sk.f1_score(label, predicted, average="macro", **options))
    assert found["weighted_f1"] == pytest.approx(sk.f1_score(label, predicted, average="weighted", **options))
    precision = sk.precision_score(label, predicted, average="weighted", **options)
    assert found["weighted_precision"] == pytest.approx(precision)
    assert found["log_loss"] == pytest.approx(sk.log_loss(label, probability, sample_weight=weights))


@given(seed=SEEDS, weighted=st.booleans())
def test_regression_metrics_are_those_of_scikit_learn(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    label = rng.normal(100, 5, 50)
    value = label + rng.normal(0, 2, 50)
    weights = rng.uniform(0.1, 3, 50) if weighted else None
    found = point_metrics(RegressionScorer(label, value), weights)
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(label, value, sample_weight=weights))
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(label, value, sample_weight=weights))
    assert found["r2"] == pytest.approx(sk.r2_score(label, value, sample_weight=weights))


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for run in range(100):
        error = rng.normal(0.0, 1.0, 200)
        found = estimate_metrics(RegressionScorer(np.zeros(200), error), seed=run, resamples=200)["mean_error"]
        covered += found.low <= 0 <= found.high
    assert 88 <= covered <= 100, covered


def test_the_bootstrap_deviation_of_a_mean_is_its_standard_error() -> None:
    error = np.random.default_rng(2).normal(0, 3, 1_000)
    found = estimate_metrics(RegressionScorer(np.zeros(1_000), error), seed=3, resamples=2_000)["mean_error"]
    assert found.standard_deviation == pytest.approx(error.std() / np.sqrt(1_000), rel=0.08)


def test_the_same_seed_gives_the_same_interval() -> None:
    scorer = RegressionScorer(np.arange(50.0), np.arange(50.0) ** 1.01)
    assert estimate_metrics(scorer, seed=1) == estimate_metrics(scorer, seed=1)
    assert estimate_metrics(scorer, seed=1) != estimate_metrics(scorer, seed=2)


def test_a_class_that_never_occurs_leaves_metrics_undefined_not_wrong() -> None:
    found = point_metrics(BinaryScorer(np.zeros(5), np.linspace(0.1, 0.9, 5)))
    assert np.isnan(found["auc"])
    assert found["accuracy"] == pytest.approx(0.4)


def test_curves_integrate_to_the_auc() -> None:
    rng = np.random.default_rng(6)
    label = rng.integers(0, 2, 150).astype(float)
    score = rng.random(150).round(2)
    curves = binary_curves(label, score)
    area = np.trapezoid(curves.true_positive_rate, curves.false_positive_rate)
    assert area == pytest.approx(point_metrics(BinaryScorer(label, score))["auc"])


def test_the_confusion_table_counts_actual_by_predicted() -> None:
    table = confusion_table(np.array([0.0, 0, 1, 2]), np.array([0.0, 1, 1, 0]), 3)
    assert table.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_calibration_error_is_the_mean_distance_of_bins() -> None:
    prediction = np.array([0.2] * 10 + [0.8] * 10)
    outcome = np.array([1.0] * 4 + [0.0] * 6 + [1.0] * 8 + [0.0] * 2)
    found = calibrate(prediction, outcome, bins=2)
    assert found.predicted == pytest.approx([0.2, 0.8])
    assert found.observed == pytest.approx([0.4, 0.8])
    assert found.error == pytest.approx(0.1)


def test_calibration_bins_hold_equal_weight() -> None:
    prediction = np.linspace(0.05, 0.95, 20)
    weights = np.where(prediction < 0.5, 1.0, 9.0)
    found = calibrate(prediction, (prediction > 0.4).astype(float), weights, bins=5)
    repeated = np.repeat(prediction, weights.astype(int))
    expected = calibrate(repeated, (repeated > 0.4).astype(float), bins=5)
    assert found.weight == pytest.approx([20.0] * 5, abs=9)
    assert found.error == pytest.approx(expected.error, abs=0.02)


@pytest.mark.parametrize(
    ("value", "threshold", "direction", "passed", "message"),
    [
        (0.9278, 0.9, "higher", True, "auc 0.9278 reaches 0.9000 by 0.0278"),
        (0.9278, 0.999, "higher", False, "auc 0.9278 is below 0.9990 by 0.0712"),
        (2.1, 2.5, "lower", True, "auc 2.1000 stays within 2.5000 by 0.4000"),
        (2.6, 2.5, "lower", False, "auc 2.6000 is above 2.5000 by 0.1000"),
        (0.5, 0.5, "higher", True, "auc 0.5000 reaches 0.5000 by 0.0000"),
    ],
)
def test_a_gate_says_by_how_much(value: float, threshold: float, direction: str, passed: bool, message: str) -> None:
    verdict = judge("auc", value, threshold, "higher" if direction == "higher" else "lower")
    assert (verdict["passed"], verdict["message"]) == (passed, message)


def test_model_quality_files_have_the_form_of_model_monitor() -> None:
    label, score = np.array([0.0, 1, 1, 0]), np.array([0.1, 0.8, 0.4, 0.3])
    estimates = estimate_metrics(BinaryScorer(label, score), seed=0, resamples=50)
    naive = point_metrics(BinaryScorer(label, np.full(4, 0.5)))
    confusion = confusion_table(label, (score >= 0.5).astype(float), 2)
    content = quality_metrics("binary_classification", estimates, naive, confusion, binary_curves(label, score))
    metrics = content["binary_classification_metrics"]
    assert metrics["confusion_matrix"] == {"0": {"0": 2.0, "1": 0.0}, "1": {"0": 1.0, "1": 1.0}}
    assert metrics["accuracy"]["value"] == 0.75
    assert metrics["accuracy_best_constant_classifier"] == {"value": 0.5, "standard_deviation": "NaN"}
    assert set(metrics["receiver_operating_characteristic_curve"]) == {"false_positive_rates", "true_positive_rates"}
    constraints = quality_constraints("binary_classification", estimates)["binary_classification_constraints"]
    assert constraints["accuracy"]["comparison_operator"] == "LessThanThreshold"
    assert constraints["log_loss"]["comparison_operator"] == "GreaterThanThreshold"
    assert constraints["accuracy"]["threshold"] <= 0.75 <= metrics["accuracy"]["value"]
