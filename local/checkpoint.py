"""The embedded AWS's state as one file: written between requests, replaced in one step."""

from __future__ import annotations

import copy
import importlib
import json
import os
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

VERSION = 1
MAILS_KEPT = 500


class Checkpoint:
    """Takes, restores, saves and loads the state of the service modules.

    One file holds every service, so that a Cognito user and his row never come from two moments.
    The baseline is the state right after provisioning; a reset returns to it, which keeps the
    identifiers and the signing keys that a running server already knows.
    """

    def __init__(self, modules: dict[str, ModuleType], version: str, path: Path | None) -> None:
        # ministack reads its settings when it is imported, so never at the top of a module.
        persistence = importlib.import_module("ministack.core.persistence")
        self.modules = modules
        self._version = version
        self._path = path
        self._writing = threading.Lock()
        self._encode = persistence._json_default
        self._decode = persistence._json_object_hook
        self.environment: dict[str, Any] = {}
        self._baseline: dict[str, Any] = {}

    def set_baseline(self, environment: dict[str, Any]) -> None:
        """Remember the state of now, and the environment that belongs to it."""
        self.environment = environment
        self._baseline = self._take()

    def reset(self) -> None:
        """Return to the baseline. Token signing keys stay: a server may have cached them."""
        cognito = self.modules["cognito"]
        keys = dict(cognito._pool_keys)
        for module in self.modules.values():
            module.reset()
        self._put(copy.deepcopy(self._baseline))
        cognito._pool_keys.update(keys)
        self._rewrite_keys(cognito)

    def forget(self) -> str:
        """Begin anew, keep the file aside, and say so in one sentence."""
        aside = keep_aside(self._path) if self._path and self._path.exists() else None
        for module in self.modules.values():
            module.reset()
        self.environment, self._baseline = {}, {}
        where = f"; the former state is kept in {aside}" if aside else ""
        return f"The shape of the embedded AWS has changed, so it begins anew{where}."

    def encode(self) -> bytes:
        """Return the file's content. Nothing may change the state meanwhile."""
        document = {
            "version": VERSION,
            "ministack": self._version,
            "environment": self.environment,
            "baseline": self._baseline,
            "services": self._take(),
        }
        return json.dumps(document, default=self._encode).encode()

    def write(self, content: bytes) -> None:
        """Replace the file in one step. Raises OSError when the disk refuses."""
        if self._path is None:
            return
        beside = self._path.with_suffix(".new")
        with self._writing:  # Who stopped waiting for a write has not stopped the write.
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)

    def load(self) -> str | None:
        """Restore what the file holds; keep an unusable one aside and say so in one sentence."""
        if self._path is None or not self._path.exists():
            return None
        try:
            document = json.loads(self._path.read_bytes(), object_hook=self._decode)
            if (document["version"], document["ministack"]) != (VERSION, self._version):
                raise ValueError(f"written with ministack {document['ministack']}")
            self._put(document["services"])
            self.environment = document["environment"]
            self._baseline = document["baseline"]
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            aside = keep_aside(self._path)
            for module in self.modules.values():
                module.reset()
            return f"The saved state could not be read ({fault}); it is kept in {aside}."
        return None

    def _take(self) -> dict[str, Any]:
        state = {name: module.get_state() for name, module in self.modules.items()}
        mails = copy.deepcopy(self.modules["ses"]._sent_emails)
        for entries in mails.all_values():
            del entries[:-MAILS_KEPT]
        return {**state, "mails": mails}

    def _put(self, state: dict[str, Any]) -> None:
        self.modules["ses"]._sent_emails.update(state.get("mails", {}))
        for name, module in self.modules.items():
            if state.get(name):
                module.load_persisted_state(state[name])

    def _rewrite_keys(self, cognito: ModuleType) -> None:
        if self._path is None:
            return
        for (pool_id, use), (key, _) in cognito._pool_keys.items():
            file = os.path.join(cognito._POOL_KEYS_DIR, f"{pool_id}-{use}.pem")
            cognito._persist_or_load_rsa_key_best_effort(key, file)


def keep_aside(path: Path) -> Path:
    """Rename a file or directory so that it is neither used nor lost, and return its new place."""
    aside = path.with_name(f"{path.name}.kept-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    path.replace(aside)
    return aside
