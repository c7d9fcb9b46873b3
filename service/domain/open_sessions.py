"""The open sessions of a person: seen, and ended one by one or all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.auditing import audited
from service.domain.errors import SessionUnknown
from service.domain.parallel import both
from service.domain.ports import Caller, Session
from service.domain.sessions import Sessions

LISTED = 100
"""How many sessions are listed at most, the caller's own always among them."""


@dataclass(frozen=True, slots=True)
class OpenSessions:
    """Lists and ends sessions of callers whose own session is alive."""

    sessions: Sessions

    def list_sessions(self, caller: Caller) -> Sequence[Session]:
        """Return the caller's sessions that are alive, last used first. Raises `SessionEnded`.

        Both reads go out together, so it lasts as long as one.
        """
        (own, _), stored = both(
            lambda: self.sessions.current(caller),
            lambda: self.sessions.store.list(caller.user_id),
        )
        others = [
            session
            for session in stored
            if session.session_id != own.session_id and self.sessions.alive(session)
        ]
        listed = [own, *others][:LISTED]
        return sorted(listed, key=lambda each: each.last_used_at, reverse=True)

    def revoke_session(self, caller: Caller, session_id: str) -> None:
        """End one of the caller's sessions, here and at the directory.

        Raises `SessionUnknown` for one that is not there, is over or is somebody else's: the id is
        looked up among the caller's own and nowhere else. Raises `SessionEnded`.
        """
        with audited(self.sessions.audit, "revoke_session", caller.user_id):
            self.sessions.current(caller)
            ended = self.sessions.store.end(caller.user_id, session_id)
            if not self.sessions.alive(ended):
                raise SessionUnknown
        if ended is not None:
            self.sessions.revoke(ended.user_id, ended.refresh_token)
        self.sessions.audit("revoke_session", "success", user_id=caller.user_id)

    def logout_everywhere(self, caller: Caller) -> None:
        """End all of the caller's sessions, here and at the directory. Raises `SessionEnded`.

        The rows go first: without them no token works here, whatever the directory answers.
        """
        with audited(self.sessions.audit, "logout_everywhere", caller.user_id):
            self.sessions.current(caller)
            self.sessions.end_every(caller.user_id)
        self.sessions.audit("logout_everywhere", "success", user_id=caller.user_id)
