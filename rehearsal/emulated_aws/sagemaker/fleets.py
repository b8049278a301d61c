"""The servers behind one endpoint configuration: a process for every variant, shadow variants included."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from rehearsal.emulated_aws import operations
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.hosting.server import Container, ModelServer, ServerError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.sagemaker import packages
from rehearsal.emulated_aws.settings import SETTINGS


def _container(definition: Request, role: str) -> Container:
    package: Request = {}
    if name := definition.get("ModelPackageName"):
        package = packages.described(name)["InferenceSpecification"]["Containers"][0]
    source = definition.get("ModelDataSource", {}).get("S3DataSource", {})
    if source and source.get("S3DataType") != "S3Object":
        raise ServerError("uncompressed model data is not emulated")
    url = definition.get("ModelDataUrl") or source.get("S3Uri") or package.get("ModelDataUrl") or ""
    image = definition.get("Image") or package.get("Image") or ""
    return Container(image, url, package.get("Environment", {}) | definition.get("Environment", {}), role)


def container_of(model_name: str) -> Container:
    """The container a model runs. Raises ServerError for what the emulator cannot host."""
    model = operations.call("sagemaker", "DescribeModel", {"ModelName": model_name})
    containers = [model["PrimaryContainer"]] if model.get("PrimaryContainer") else model.get("Containers", [])
    if len(containers) != 1:
        raise ServerError("inference pipelines of several containers are not emulated")
    return _container(containers[0], model.get("ExecutionRoleArn", ""))


class Fleet:
    """`start` raises ServerError and leaves nothing running when one variant does not come up."""

    def __init__(self, config: Request) -> None:
        self.config = config
        self.variants: list[Request] = config["ProductionVariants"]
        self.shadows: list[Request] = config.get("ShadowProductionVariants", [])
        self.servers: dict[str, ModelServer] = {}
        self.images: dict[str, list[Request]] = {}

    def _start_one(self, variant: Request) -> None:
        container = container_of(variant["ModelName"])
        self.images[variant["VariantName"]] = [{"SpecifiedImage": container.image}]
        if not SETTINGS.control_plane_only:
            server = ModelServer(container)
            self.servers[variant["VariantName"]] = server
            server.start()

    def start(self) -> None:
        try:
            with ThreadPoolExecutor() as pool:
                runs = [pool.submit(copy_context().run, self._start_one, each) for each in self.variants + self.shadows]
            for run in runs:
                run.result()
        except ServiceError as fault:
            self.stop()
            raise ServerError(fault.message) from fault
        except ServerError:
            self.stop()
            raise

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()
        self.servers.clear()

    def choose(self, weights: dict[str, float], target: str | None) -> str:
        """The variant that answers: the one asked for, else by weight."""
        names = [str(variant["VariantName"]) for variant in self.variants]
        if target is not None:
            if target not in names:
                raise ServiceError("ValidationError", f"Variant {target} not found")
            return target
        return random.choices(names, [max(weights.get(name, 0.0), 1e-9) for name in names])[0]  # noqa: S311
