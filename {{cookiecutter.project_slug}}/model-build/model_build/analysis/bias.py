"""Bias metrics of SageMaker Clarify, by their published formulas.

Source: "Measure Pre-training Bias" and "Measure Post-training Data and Model Bias" of the SageMaker Developer Guide;
generalized entropy: Speicher et al. 2018 with alpha 2. Facet a is the advantaged group, d the disadvantaged one; labels
and predictions are 1 for the positive outcome, else 0. A metric that divides by nothing is NaN or infinite.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

DESCRIPTIONS = {
    "CI": "Class Imbalance (CI)",
    "DPL": "Difference in Positive Proportions in Labels (DPL)",
    "KL": "Kullback-Leibler Divergence (KL)",
    "JS": "Jensen-Shannon Divergence (JS)",
    "LP": "L-p Norm (LP)",
    "TVD": "Total Variation Distance (TVD)",
    "KS": "Kolmogorov-Smirnov Distance (KS)",
    "CDDL": "Conditional Demographic Disparity in Labels (CDDL)",
    "DPPL": "Difference in Positive Proportions in Predicted Labels (DPPL)",
    "DI": "Disparate Impact (DI)",
    "DCA": "Difference in Conditional Acceptance (DCA)",
    "DCR": "Difference in Conditional Rejection (DCR)",
    "RD": "Recall Difference (RD)",
    "SD": "Specificity Difference (SD)",
    "DAR": "Difference in Acceptance Rates (DAR)",
    "DRR": "Difference in Rejection Rates (DRR)",
    "AD": "Accuracy Difference (AD)",
    "TE": "Treatment Equality (TE)",
    "CDDPL": "Conditional Demographic Disparity in Predicted Labels (CDDPL)",
    "GE": "Generalized Entropy (GE)",
}


@dataclasses.dataclass(frozen=True)
class Confusion:
    """Counts of one facet."""

    tp: int
    fp: int
    tn: int
    fn: int

    @classmethod
    def count(cls, label: Ints, prediction: Ints) -> Confusion:
        counts = np.bincount(2 * label + prediction, minlength=4)
        return cls(tp=int(counts[3]), fp=int(counts[1]), tn=int(counts[0]), fn=int(counts[2]))

    @property
    def rows(self) -> int:
        return self.tp + self.fp + self.tn + self.fn

    @property
    def predicted_share(self) -> float:
        return ratio(self.tp + self.fp, self.rows)


def ratio(numerator: float, denominator: float) -> float:
    """Quotient; NaN for 0/0, infinite for x/0."""
    if denominator:
        return float(numerator / denominator)
    return float("inf") if numerator > 0 else float("nan")


def pretraining_metrics(
    label: Ints, advantaged: Mask, disadvantaged: Mask, group: Ints | None = None
) -> dict[str, float]:
    """Bias in the labels of two facets; arrays of shape (n,), `group` the codes to condition CDDL on."""
    a, d = label[advantaged], label[disadvantaged]
    shares_a, shares_d = (np.bincount(facet, minlength=2) / max(len(facet), 1) for facet in (a, d))
    middle = (shares_a + shares_d) / 2
    difference = shares_a - shares_d
    metrics = {
        "CI": ratio(len(a) - len(d), len(a) + len(d)),
        "DPL": float(difference[1]),
        "KL": _divergence(shares_a, shares_d),
        "JS": (_divergence(shares_a, middle) + _divergence(shares_d, middle)) / 2,
        "LP": float(np.sqrt((difference**2).sum())),
        "TVD": float(np.abs(difference).sum() / 2),
        "KS": float(np.abs(difference).max()),
    }
    if group is not None:
        metrics["CDDL"] = conditional_disparity(label, advantaged, disadvantaged, group)
    return metrics


def posttraining_metrics(
    label: Ints, prediction: Ints, advantaged: Mask, disadvantaged: Mask, group: Ints | None = None
) -> dict[str, float]:
    """Bias in the predictions for two facets; arrays of shape (n,), `group` the codes to condition CDDPL on."""
    a = Confusion.count(label[advantaged], prediction[advantaged])
    d = Confusion.count(label[disadvantaged], prediction[disadvantaged])
    metrics = {
        "DPPL": a.predicted_share - d.predicted_share,
        "DI": ratio(d.predicted_share, a.predicted_share),
        "DCA": ratio(a.tp + a.fn, a.tp + a.fp) - ratio(d.tp + d.fn, d.tp + d.fp),
        "DCR": ratio(d.tn + d.fp, d.tn + d.fn) - ratio(a.tn + a.fp, a.tn + a.fn),
        "RD": ratio(a.tp, a.tp + a.fn) - ratio(d.tp, d.tp + d.fn),
        "SD": ratio(d.tn, d.tn + d.fp) - ratio(a.tn, a.tn + a.fp),
        "DAR": ratio(a.tp, a.tp + a.fp) - ratio(d.tp, d.tp + d.fp),
        "DRR": ratio(d.tn, d.tn + d.fn) - ratio(a.tn, a.tn + a.fn),
        "AD": ratio(a.tp + a.tn, a.rows) - ratio(d.tp + d.tn, d.rows),
        "TE": ratio(d.fn, d.fp) - ratio(a.fn, a.fp),
        "GE": generalized_entropy(label, prediction),
    }
    if group is not None:
        metrics["CDDPL"] = conditional_disparity(prediction, advantaged, disadvantaged, group)
    return metrics


def conditional_disparity(outcome: Ints, advantaged: Mask, disadvantaged: Mask, group: Ints) -> float:
    """Mean over groups, weighted by their size, of the disadvantaged share of rejections minus that of acceptances."""
    considered = advantaged | disadvantaged
    codes, outcomes, facet = group[considered], outcome[considered], disadvantaged[considered]
    size = int(codes.max()) + 1 if len(codes) else 0
    counts = np.bincount(codes, minlength=size)
    shares = [
        np.bincount(codes[kept & facet], minlength=size) / np.maximum(np.bincount(codes[kept], minlength=size), 1)
        for kept in (outcomes == 0, outcomes == 1)
    ]
    return ratio(float((counts * (shares[0] - shares[1])).sum()), float(counts.sum()))


def generalized_entropy(label: Ints, prediction: Ints) -> float:
    """Inequality of benefits b = prediction - label + 1: mean((b / mean b)^2 - 1) / 2."""
    benefit = (prediction - label + 1).astype(np.float64)
    mean = benefit.mean()
    return float(((benefit / mean) ** 2 - 1).mean() / 2) if mean else float("nan")


def _divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Kullback-Leibler divergence in nats; infinite where q is 0 and p is not."""
    used = p > 0
    if (q[used] == 0).any():
        return float("inf")
    return float((p[used] * np.log(p[used] / q[used])).sum())
