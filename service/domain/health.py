"""Whether the services behind this one answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from service.domain.errors import DomainError, NotReady
from service.domain.parallel import both
from service.domain.ports import AccountStore, Directory


@dataclass(frozen=True, slots=True)
class Health:
    """Asks the directory and the table."""

    directory: Directory
    store: AccountStore

    def get_readiness(self) -> list[str]:
        """Return the names of what answers, which is all of it. Raises `NotReady`."""
        checks = {"cognito": self.directory.check, "dynamodb": self.store.check}
        first, second = checks.values()
        answers = both(lambda: _answers(first), lambda: _answers(second))
        missing = [name for name, answer in zip(checks, answers, strict=True) if not answer]
        if missing:
            raise NotReady(missing)
        return list(checks)


def _answers(check: Callable[[], None]) -> bool:
    try:
        check()
    except DomainError:
        return False
    return True
