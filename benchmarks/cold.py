"""Cold start: from spawning the runtime client to the posted answer of the first registration."""

from __future__ import annotations

import os
import subprocess
import time

from benchmarks import surroundings
from tests.delivery.runtime_api import runtime_api

HANDLERS = {
    "ours": "service.lambda_handler.handler",
    "FastAPI": "benchmarks.peers.fastapi_mangum.handler",
    "Powertools": "benchmarks.peers.powertools.handler",
    "Connexion": "benchmarks.peers.connexion_stock.handler",
    "Starlette, bare": "benchmarks.peers.starlette_raw.handler",
    "floor": "benchmarks.peers.floor.handler",
}


def measure(peer: str, installation: surroundings.Installation) -> tuple[float, float]:
    """Return the seconds of one cold start, by the clock and of the processor.

    Other work on the machine moves the first far more than the second. Raises RuntimeError for any
    answer but 201.
    """
    event = surroundings.event("POST", "/v1/auth/register", surroundings.REGISTRATION)
    with runtime_api() as api:
        started = time.perf_counter()
        process = subprocess.Popen(
            [installation.python, "-m", "awslambdaric", HANDLERS[peer]],
            cwd=installation.tree,
            env={
                **installation.environment,
                "AWS_LAMBDA_RUNTIME_API": api.address,
                "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            },
            stdout=subprocess.DEVNULL,
        )
        try:
            answer = api.invoke(event)
            elapsed = time.perf_counter() - started
        finally:
            process.kill()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = -9  # Nobody else may wait for it now.
            api.invocations.put(None)
    if answer["statusCode"] != 201:
        raise RuntimeError(f"{peer} answers {answer}")
    return elapsed, usage.ru_utime + usage.ru_stime
