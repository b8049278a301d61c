from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from local_pipelines import Laptop
from serving_models import CLASSES, NULL_VALUES, write_model
from starlette.testclient import TestClient
from step_outputs import StepOutputs, run_steps

from model_build.serving.app import create_app
from model_build.serving.predictor import Predictor

# A busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    """A workspace of its own, that does not exist yet."""
    return Laptop(tmp_path)


@pytest.fixture(scope="session")
def steps(tmp_path_factory: pytest.TempPathFactory) -> StepOutputs:
    """Outputs of every step, run once on the project's sample data."""
    return run_steps(tmp_path_factory.mktemp("steps"))


@pytest.fixture(scope="session", params=list(CLASSES))
def predictor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """A served model of each problem type, its native form loaded."""
    folder = tmp_path_factory.mktemp("model")
    write_model(folder, request.param)
    predictor = Predictor.load(folder)
    predictor.native.result()
    return predictor


@pytest.fixture
def client(predictor: Predictor) -> TestClient:
    return TestClient(create_app(predictor, NULL_VALUES), raise_server_exceptions=False)
