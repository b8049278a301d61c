"""What a stage costs a month while nobody uses it, and what each use adds: estimated before it is deployed."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

from model_deploy.errors import UsageError
from model_deploy.schedule import runs_a_month
from model_deploy.settings import Endpoint, Settings, Stage, StageName

PRICE_FILE = Path(__file__).with_name("prices.toml")


@dataclasses.dataclass(frozen=True)
class Line:
    """US dollars, for `what` and how they come about; None where a price is missing, or the amount isn't `computed`."""

    what: str
    how: str
    usd: float | None
    computed: bool = True


@dataclasses.dataclass(frozen=True)
class Estimate:
    idle: tuple[Line, ...]
    used: tuple[Line, ...]
    as_of: str
    region: str

    @property
    def idle_usd(self) -> float | None:
        known = [line.usd for line in self.idle if line.usd is not None]
        return sum(known) if len(known) == len(self.idle) else None


class Prices:
    """The dated price table; a price that isn't there is None, and said to be missing."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = table
        self.as_of, self.region = str(table["as_of"]), str(table["region"])

    @classmethod
    def load(cls, path: Path = PRICE_FILE) -> Prices:
        """The table that the project keeps.

        Raises:
            UsageError: it can't be read.
        """
        try:
            return cls(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
            raise UsageError(f"{path.name}: {error}; expected the tables it came with") from error

    def instance_hour(self, use: str, instance_type: str) -> float | None:
        found = self._table[f"{use}_instance_hour"].get(instance_type)
        return None if found is None else float(found)

    def get(self, table: str, name: str) -> float:
        return float(self._table[table][name])

    def with_instances(self, use: str, prices: dict[str, float], region: str, as_of: str) -> Prices:
        """The same table with other prices of instances."""
        merged = {**self._table[f"{use}_instance_hour"], **prices}
        return Prices({**self._table, f"{use}_instance_hour": merged, "region": region, "as_of": as_of})


def estimate(settings: Settings, stage: StageName, prices: Prices) -> Estimate:
    """What a stage costs, by the settings alone."""
    chosen = settings.stages[stage]
    month, assumed = _getter(prices, "month"), _getter(prices, "assumed")
    idle, used = [Line("key", "KMS, one customer-managed key", month("kms_key"))], []
    if chosen.endpoint:
        idle += _endpoint_idle(chosen.endpoint, chosen, prices)
        used += _endpoint_used(chosen.endpoint, prices)
    if chosen.serverless:
        memory, warm = chosen.serverless.memory_mb / 1024, chosen.serverless.provisioned_concurrency
        seconds = assumed("hours_in_month") * 3600
        price = warm * memory * seconds * prices.get("serverless", "provisioned_gb_second")
        idle.append(Line("endpoint", f"serverless, {warm} kept warm", price))
        request = assumed("seconds_per_request") * memory * prices.get("serverless", "gb_second")
        used.append(Line("1M requests", f"{assumed('seconds_per_request'):g} s with {memory:g} GB each", request * 1e6))
    if chosen.alarms:
        idle.append(Line("alarms", f"{assumed('alarms'):g} metrics", assumed("alarms") * month("alarm")))
    if batch := chosen.batch:
        count = assumed("alarms_of_batch")
        idle.append(Line("batch alarms", f"{count:g} metrics", count * month("alarm")))
        hour = prices.instance_hour("batch", batch.instance_type)
        minutes = batch.instances * assumed("batch_minutes") + assumed("processing_minutes")
        run = None if hour is None else hour * minutes / 60
        used.append(Line("1 batch run", f"{minutes:g} minutes of {batch.instance_type}", run))
        if batch.schedule:
            used.append(_scheduled(batch.schedule, run))
    idle.append(Line("dashboard", "CloudWatch, one", month("dashboard")))
    idle.append(Line("logs", f"{assumed('log_gb'):g} GB taken in", assumed("log_gb") * month("log_gb")))
    return Estimate(tuple(idle), tuple(used), prices.as_of, prices.region)


def instance_types(settings: Settings, stage: StageName) -> list[tuple[str, str]]:
    """What instances are used for, `endpoint` or `batch`, and their types."""
    chosen = settings.stages[stage]
    endpoint = [("endpoint", chosen.endpoint.instance_type)] if chosen.endpoint else []
    return endpoint + ([("batch", chosen.batch.instance_type)] if chosen.batch else [])


def missing_prices(settings: Settings, stage: StageName, prices: Prices) -> list[str]:
    """One line for each price that the table lacks: where to add it."""
    return [
        f'{PRICE_FILE.name} has no price of {kind}; add a line "{kind}" = <dollars an hour> to [{use}_instance_hour], '
        "or use --fetch"
        for use, kind in instance_types(settings, stage)
        if prices.instance_hour(use, kind) is None
    ]


def _scheduled(schedule: str, run: float | None) -> Line:
    runs = runs_a_month(schedule)
    if runs is None:
        return Line("batch schedule", f"{schedule}: not computed; multiply by its runs a month", None, computed=False)
    return Line("batch schedule", f"{runs:.4g} runs a month", None if run is None else run * runs)


def _endpoint_idle(endpoint: Endpoint, stage: Stage, prices: Prices) -> list[Line]:
    hours, hour = prices.get("assumed", "hours_in_month"), prices.instance_hour("endpoint", endpoint.instance_type)
    how = f"{endpoint.instances} x {endpoint.instance_type}, {hours:g} h"
    usd = None if hour is None else endpoint.instances * hour * hours
    lines = [Line("endpoint", how, usd)]
    if stage.challenger and stage.challenger.version:
        lines.append(Line("challenger", f"version {stage.challenger.version}: {how}", usd))
    return lines


def _endpoint_used(endpoint: Endpoint, prices: Prices) -> list[Line]:
    hours, hour = prices.get("assumed", "hours_in_month"), prices.instance_hour("endpoint", endpoint.instance_type)
    lines = []
    if more := endpoint.max_instances - endpoint.instances:
        how = f"{more} x {endpoint.instance_type}, if scaled out all month"
        lines.append(Line("scaled out", how, None if hour is None else more * hour * hours))
    if endpoint.capture_percent:
        gigabytes = endpoint.capture_percent / 100 * prices.get("assumed", "captured_kb_per_request")
        how = f"{gigabytes:g} GB kept a month"
        lines.append(Line("capture, 1M requests", how, gigabytes * prices.get("month", "storage_gb")))
    return lines


def _getter(prices: Prices, table: str) -> Any:
    return lambda name: prices.get(table, name)
