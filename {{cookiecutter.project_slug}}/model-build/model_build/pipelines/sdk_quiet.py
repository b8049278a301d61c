"""What the SageMaker SDK does unasked, switched off without importing it."""

from __future__ import annotations

import logging
import os
import warnings

SDK_CONFIG = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}


def quieten() -> None:
    """To be called before the first import of `sagemaker`.

    It calls logging.basicConfig(INFO), asks for a region while importing, probes the role in IAM, and its docstrings
    warn when Python compiles them.
    """
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("sagemaker.core.workflow.utilities").setLevel(logging.ERROR)
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"
    warnings.filterwarnings("ignore", message="Running within a PipelineSession", category=UserWarning)
    warnings.filterwarnings("ignore", category=SyntaxWarning)
