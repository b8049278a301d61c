"""Bias metrics against cases worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_build.analysis.bias import (
    conditional_disparity,
    generalized_entropy,
    posttraining_metrics,
    pretraining_metrics,
)
from model_build.analysis.bias_report import analysis_section, facet_masks, group_codes, outcomes
from model_build.analysis.errors import DataError
from model_build.analysis.gate import judge_bias

# a: 6 rows, 4 accepted (labels); d: 4 rows, 1 accepted
LABEL = np.array([1, 1, 1, 1, 0, 0, 1, 0, 0, 0])
PREDICTION = np.array([1, 1, 1, 0, 1, 0, 1, 1, 0, 0])
ADVANTAGED = np.arange(10) < 6
# a: TP 3, FN 1, FP 1, TN 1; d: TP 1, FN 0, FP 1, TN 2


def test_pretraining_metrics_by_hand() -> None:
    found = pretraining_metrics(LABEL, ADVANTAGED, ~ADVANTAGED)
    a, d = 4 / 6, 1 / 4
    assert found["CI"] == pytest.approx(0.2)
    assert found["DPL"] == pytest.approx(a - d)
    assert found["KL"] == pytest.approx(a * math.log(a / d) + (1 - a) * math.log((1 - a) / (1 - d)))
    assert found["LP"] == pytest.approx(math.sqrt(2) * (a - d))
    assert [found["TVD"], found["KS"]] == pytest.approx([a - d, a - d])
    m = (a + d) / 2
    js = sum(p * math.log(p / q) for p, q in ((a, m), (1 - a, 1 - m), (d, m), (1 - d, 1 - m))) / 2
    assert found["JS"] == pytest.approx(js)


def test_posttraining_metrics_by_hand() -> None:
    found = posttraining_metrics(LABEL, PREDICTION, ADVANTAGED, ~ADVANTAGED)
    assert found["DPPL"] == pytest.approx(4 / 6 - 2 / 4)
    assert found["DI"] == pytest.approx((2 / 4) / (4 / 6))
    assert found["DCA"] == pytest.approx(4 / 4 - 1 / 2)
    assert found["DCR"] == pytest.approx(3 / 2 - 2 / 2)
    assert found["RD"] == pytest.approx(3 / 4 - 1 / 1)
    assert found["SD"] == pytest.approx(2 / 3 - 1 / 2)
    assert found["DAR"] == pytest.approx(3 / 4 - 1 / 2)
    assert found["DRR"] == pytest.approx(2 / 2 - 1 / 2)
    assert found["AD"] == pytest.approx(4 / 6 - 3 / 4)
    assert found["TE"] == pytest.approx(0 / 1 - 1 / 1)


def test_generalized_entropy_by_hand() -> None:
    # benefits 1, 0, 2: mean 1, mean of squares 5/3
    assert generalized_entropy(np.array([0, 1, 0]), np.array([0, 0, 1])) == pytest.approx((5 / 3 - 1) / 2)
    assert generalized_entropy(np.array([0, 1]), np.array([0, 1])) == 0


def test_conditional_disparity_is_the_mean_of_its_groups() -> None:
    # group 0 (4 rows): rejected d 1 of 2, accepted d 0 of 2; group 1 (2 rows): rejected d 0 of 1, accepted d 1 of 1
    outcome = np.array([0, 0, 1, 1, 0, 1])
    disadvantaged = np.array([True, False, False, False, False, True])
    group = np.array([0, 0, 0, 0, 1, 1])
    found = conditional_disparity(outcome, ~disadvantaged, disadvantaged, group)
    assert found == pytest.approx((4 * (0.5 - 0) + 2 * (0 - 1)) / 6)


def test_simpsons_paradox_vanishes_within_groups() -> None:
    # department 0 rejects half, department 1 accepts all; d applies more often to 0, within each both fare alike
    outcome = np.array([0, 1] * 10 + [1] * 10)
    disadvantaged = np.array([True, True, True, True, False] * 4 + [False] * 10)
    group = np.array([0] * 20 + [1] * 10)
    label_gap = pretraining_metrics(outcome, ~disadvantaged, disadvantaged)["DPL"]
    assert label_gap > 0.3
    assert conditional_disparity(outcome, ~disadvantaged, disadvantaged, group) == pytest.approx(0)


@given(seed=st.integers(0, 1000), rows=st.integers(20, 200))
def test_equal_treatment_has_no_bias_and_swapping_facets_turns_the_sign(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    label, prediction = rng.integers(0, 2, rows), rng.integers(0, 2, rows)
    facet = np.arange(2 * rows) < rows
    doubled = posttraining_metrics(np.tile(label, 2), np.tile(prediction, 2), facet, ~facet)
    assert all(value == pytest.approx(0) for name, value in doubled.items() if name not in ("DI", "GE", "TE"))
    a = rng.random(rows) < 0.5
    there, back = (posttraining_metrics(label, prediction, mask, ~mask) for mask in (a, ~a))
    for name in ("DPPL", "RD", "DAR", "AD", "DCA"):
        if math.isfinite(there[name]):
            assert there[name] == pytest.approx(-back[name])


def test_a_division_by_zero_is_an_error_entry_not_a_number() -> None:
    section = analysis_section("sex", "income", ">50K", {"Female": {"TE": float("inf"), "AD": 0.5}})
    te, ad = section["facets"]["sex"][0]["metrics"]
    assert te == {
        "name": "TE",
        "description": "Treatment Equality (TE)",
        "value": None,
        "error": "TE divides by zero for this facet",
    }
    assert ad == {"name": "AD", "description": "Accuracy Difference (AD)", "value": 0.5}


def test_every_other_group_is_compared_with_the_advantaged_one() -> None:
    advantaged, others = facet_masks(pl.Series("race", ["A", "B", None, "C", "A"]), "A")
    assert advantaged.tolist() == [True, False, False, False, True]
    assert {name: mask.tolist().index(True) for name, mask in others.items()} == {"B": 1, "C": 3}


def test_an_absent_advantaged_group_is_named() -> None:
    with pytest.raises(DataError, match="column 'sex' never holds 'male'"):
        facet_masks(pl.Series("sex", ["Male", "Female"]), "male")


def test_outcomes_and_groups_are_numbers() -> None:
    assert outcomes(pl.Series(["yes", "no", None]), "yes").tolist() == [1, 0, 0]
    codes = group_codes(pl.Series(["b", None, "a", "b"])).tolist()
    assert codes[0] == codes[3] and len(set(codes)) == 3


def test_a_bias_gate_looks_at_the_absolute_value() -> None:
    gate = judge_bias("DPPL", "sex=Female", -0.31, 0.25)
    assert (gate["absolute"], gate["passed"]) == (0.31, False)
    assert gate["message"] == "DPPL of sex=Female 0.3100 exceeds 0.2500 by 0.0600"
