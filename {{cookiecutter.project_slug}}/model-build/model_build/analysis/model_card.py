"""The model card: SageMaker's schema as JSON, and the same for people as Markdown.

Source of the schema: "Amazon SageMaker Model Cards", model card JSON schema, in the SageMaker Developer Guide.
"""

from __future__ import annotations

from typing import Any

from model_build.settings import Settings

LONGEST_VALUE = 255


def model_card(
    settings: Settings, training: dict[str, Any], evaluation: dict[str, Any], summary: dict[str, Any]
) -> dict[str, Any]:
    """Content of a model card.

    Args:
        training: content of training.json.
        evaluation: content of evaluation.json.
        summary: content of the preprocess step's data.json.
    """
    project, data = settings.project, settings.data
    dataset = f"sha256:{summary['sha256']}"
    gate, naive = evaluation["gate"], evaluation["naive_baseline"]
    return {
        "model_overview": {
            "model_description": project.description,
            "model_creator": project.owner,
            "model_owner": project.owner,
            "problem_type": project.problem_type.replace("_", " ").capitalize(),
            "algorithm_type": training["algorithm"],
        },
        "intended_uses": {
            "purpose_of_model": f"Predicts {data.label} from {', '.join(training['importance'])}.",
            "intended_uses": "Rows that keep the data contract and come from the population of the training data.",
            "factors_affecting_model_efficiency": (
                "Drift of the features, missing values, and categories that the training data did not hold."
            ),
            "risk_rating": "Unknown",
            "explanations_for_risk_rating": "To be rated by the owner before the model is approved.",
        },
        "training_details": {
            "training_observations": (
                f"{training['rows']['train']} rows; stopped after {training['rounds']} rounds by the validation split."
            ),
            "training_job_details": {
                "training_datasets": [dataset],
                "user_provided_training_metrics": _training_metrics(training),
                "user_provided_hyper_parameters": [
                    {"name": name, "value": str(value)[:LONGEST_VALUE]}
                    for name, value in training["hyperparameters"].items()
                ],
            },
        },
        "evaluation_details": [
            {
                "name": "Test split",
                "evaluation_observation": gate["message"],
                "datasets": [dataset],
                "metadata": {"rows": str(evaluation["dataset"]["item_count"])},
                "metric_groups": [
                    {"name": "Model quality", "metric_data": _quality_metrics(evaluation)},
                    {"name": "Against a constant prediction", "metric_data": _naive_metrics(naive)},
                    *_group_metrics(evaluation),
                ],
            }
        ],
        "additional_information": {
            "ethical_considerations": _ethics(settings),
            "caveats_and_recommendations": "Intervals hold for test data of the same size and kind.",
            "custom_details": {"data": dataset, "xgboost": training["xgboost_version"]},
        },
    }


def model_card_markdown(card: dict[str, Any], name: str) -> str:
    """The card as Markdown."""
    overview, uses = card["model_overview"], card["intended_uses"]
    details, extra = card["training_details"], card["additional_information"]
    lines = [f"# {name}", "", overview["model_description"], ""]
    lines += [f"- {title}: {overview[key]}" for title, key in (("Owner", "model_owner"), ("Problem", "problem_type"))]
    lines += [f"- Algorithm: {overview['algorithm_type']}", "", "## Intended use", ""]
    lines += [uses["purpose_of_model"], "", uses["intended_uses"], "", uses["factors_affecting_model_efficiency"], ""]
    lines += ["## Training", "", details["training_observations"], ""]
    lines += _table("Hyperparameter", details["training_job_details"]["user_provided_hyper_parameters"])
    for evaluation in card["evaluation_details"]:
        lines += [f"## Evaluation: {evaluation['name']}", "", evaluation["evaluation_observation"], ""]
        for group in evaluation["metric_groups"]:
            lines += [f"### {group['name']}", "", *_table("Metric", group["metric_data"])]
    lines += ["## Considerations", "", extra["ethical_considerations"], "", extra["caveats_and_recommendations"], ""]
    return "\n".join(lines)


def _table(title: str, entries: list[dict[str, Any]]) -> list[str]:
    def shown(value: Any) -> str:
        return f"{value:.4f}" if isinstance(value, float) else str(value)

    rows = [f"| {entry['name']} | {shown(entry['value'])} |" for entry in entries]
    return [f"| {title} | Value |", "|---|---|", *rows, ""]


def _number(name: str, value: float, notes: str = "") -> dict[str, Any]:
    return {"name": name, "type": "number", "value": value} | ({"notes": notes} if notes else {})


def _training_metrics(training: dict[str, Any]) -> list[dict[str, Any]]:
    last = training["rounds"] - 1
    return [
        {"name": f"{split}:{metric}", "value": values[last]}
        for split, metrics in training["history"].items()
        for metric, values in metrics.items()
        if values[last] is not None
    ]


def _quality_metrics(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    metrics: dict[str, Any] = next(value for key, value in evaluation.items() if key.endswith("_metrics"))
    found = []
    for name, entry in metrics.items():
        interval = evaluation["intervals"].get(name)
        if interval and isinstance(entry["value"], float) and isinstance(interval["low"], float):
            notes = f"95 % interval {interval['low']:.4f} to {interval['high']:.4f}"
            found.append(_number(name, entry["value"], notes))
    return found


def _naive_metrics(naive: dict[str, Any]) -> list[dict[str, Any]]:
    return [_number(f"{key} {naive['metric']}", naive[key]) for key in ("model", "naive", "difference")]


def _group_metrics(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": f"Group {value}"[:63],
            "metric_data": [
                _number(name, entry["value"])
                for name, entry in group.items()
                if isinstance(entry, dict) and isinstance(entry["value"], float)
            ],
        }
        for value, group in evaluation["groups"].items()
    ]


def _ethics(settings: Settings) -> str:
    data = settings.data
    if not data.sensitive:
        return "No sensitive attribute is named in project.toml; bias was not measured."
    hidden = data.sensitive in data.exclude
    given = "is not given to the model, though others may stand in for it" if hidden else "is a feature of the model"
    return f"The attribute {data.sensitive} {given}. Metrics are reported for each of its groups."
