"""Parquet bodies are read in a process of their own: polars takes the whole process down on some damaged files.

That process also has a limit on memory, for files that unpack to much more than they are, and no standard error, where
such a failure would print values of the request.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from pickle import PicklingError
from threading import Lock, Thread

import numpy as np
import polars as pl
from numpy.typing import NDArray

from model_build.analysis.features import Feature
from model_build.serving.encoding import Encoder
from model_build.serving.formats import PARQUET, RequestError
from model_build.serving.limits import MEBIBYTE
from model_build.serving.parquet import TOO_MUCH
from model_build.serving.readers import read_features

SPARE_MB = 1024
UNPACKED = 8  # times the body's limit
PAGE = 4096
Outcome = NDArray[np.float32] | tuple[str, int]


class ParquetReader:
    """Reads one body at a time; the process is started for the first, and again after a body that ended it.

    Args:
        features: the model's.
        null_values: text that stands for a missing value.
        limit: bytes a body may have.
    """

    def __init__(self, features: Sequence[Feature], null_values: Sequence[str], limit: int) -> None:
        self._arguments = (tuple(features), tuple(null_values), SPARE_MB * MEBIBYTE + UNPACKED * limit)
        self._executor: ProcessPoolExecutor | None = None
        self._lock = Lock()

    def read(self, body: bytes) -> NDArray[np.float32]:
        """Model input of shape (rows, features).

        Raises:
            RequestError: as `read_features`; 400 also for a body that can't be read without ending the process.
        """
        with self._lock:
            if self._executor is None:
                context = multiprocessing.get_context("spawn")
                self._executor = ProcessPoolExecutor(1, context, _prepare, self._arguments)
            try:
                outcome = self._executor.submit(_read, body).result()
            except (BrokenProcessPool, PicklingError, MemoryError):
                outcome = None
            if outcome is None:  # another process, as this one is gone or keeps what it has taken
                self._executor.shutdown(wait=False)
                self._executor = None
                raise RequestError(TOO_MUCH)
        if isinstance(outcome, tuple):
            raise RequestError(*outcome)
        return outcome


def _prepare(features: Sequence[Feature], null_values: Sequence[str], memory: int) -> None:
    global _encoder
    _encoder = Encoder(features, null_values)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_the_server, daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    if sys.platform == "linux":
        import resource

        size = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE + memory
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_the_server() -> None:
    server = multiprocessing.parent_process()
    assert server is not None
    server.join()
    os._exit(0)


def _read(body: bytes) -> Outcome | None:
    try:
        return read_features(body, PARQUET, _encoder)
    except RequestError as error:
        return str(error), error.status
    except (MemoryError, pl.exceptions.PanicException):  # polars' panic can't be pickled
        return None


_encoder: Encoder
