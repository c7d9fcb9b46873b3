"""Staying signed in and signing out."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.api.conftest import problem
from tests.machine.life import CHOICES, Life, pick
from tests.machine.model import GRACE, Session


class SessionRules(Life):
    """Rules about sessions."""

    def renewed(self, session: Session, generation: int, token: str) -> None:
        """Present a refresh token and hold the answer to the model (28, 29)."""
        response = self.send("refreshToken", "POST", "/auth/refresh", {"refreshToken": token})
        alive, serves = session.alive(self.now), session.serves(generation, self.now)

        if not alive or not serves:
            problem(response, 401, "INVALID_REFRESH_TOKEN")
            if alive:
                self.end(session)
            return
        assert response.status_code == 200, response.text
        fresh = response.json()
        if generation == session.generation:
            session.generation += 1
            session.last_used = self.now
        assert fresh["refreshToken"] not in self.tokens, "28: refresh tokens rotate"
        self.tokens.add(fresh["refreshToken"])
        session.access.append(fresh["accessToken"])
        session.refresh.append((session.generation, fresh["refreshToken"]))

    @precondition(lambda self: self.living())
    @rule(which=CHOICES, behind=st.sampled_from([0, 0, 0, 1, 1, 2, 5]))
    def refresh(self, which: int, behind: int) -> None:
        """The newest token renews; one that was replaced ends the family after the grace."""
        session = pick(self.living(), which)
        generation, token = session.refresh[max(0, len(session.refresh) - 1 - behind)]
        self.renewed(session, generation, token)

    @precondition(lambda self: self.living())
    @rule(which=CHOICES)
    def refresh_twice_at_once(self, which: int) -> None:
        """Within the grace both are served, and it is one session (29)."""
        session = pick(self.living(), which)
        generation, token = session.refresh[-1]
        self.renewed(session, generation, token)
        self.renewed(session, generation, token)

    @precondition(lambda self: self.living())
    @rule(which=CHOICES, wait=st.booleans())
    def replay_an_old_token(self, which: int, wait: bool) -> None:
        """Two behind, or one behind after the grace: taken for theft, the family ends (28)."""
        session = pick(self.living(), which)
        generation, token = session.refresh[-1]
        self.renewed(session, generation, token)
        if wait:
            self.world.clock.now += GRACE
        else:
            self.renewed(session, *session.refresh[-1])
        self.renewed(session, generation, token)
        assert session.ended

    @precondition(lambda self: self.ended)
    @rule(which=CHOICES, token=CHOICES)
    def refresh_what_is_over(self, which: int, token: int) -> None:
        """No refresh token of an ended session works."""
        session = pick(self.ended, which)
        body = {"refreshToken": pick(session.refresh, token)[1]}

        response = self.send("refreshToken", "POST", "/auth/refresh", body)

        problem(response, 401, "INVALID_REFRESH_TOKEN")

    @precondition(lambda self: self.living())
    @rule(which=CHOICES)
    def log_out(self, which: int) -> None:
        """This session ends and no other."""
        session = pick(self.living(), which)
        response = self.send("logoutUser", "POST", "/auth/logout", None, session)

        assert response.status_code == 204, response.text
        self.end(session)

    @precondition(lambda self: self.living())
    @rule(which=CHOICES)
    def log_out_everywhere(self, which: int) -> None:
        """Every session of this person ends and nobody else's."""
        session = pick(self.living(), which)
        response = self.send("logoutEverywhere", "POST", "/auth/logout-all", None, session)

        assert response.status_code == 204, response.text
        self.end(*session.account.sessions)

    @precondition(lambda self: self.living())
    @rule(which=CHOICES)
    def list_them(self, which: int) -> None:
        """Exactly the living ones of this person, and which one asks (22)."""
        session = pick(self.living(), which)
        response = self.send("listSessions", "GET", "/auth/sessions", None, session)

        assert response.status_code == 200, response.text
        listed = {entry["id"]: entry["current"] for entry in response.json()["sessions"]}
        living = session.account.living(self.now)
        assert listed == {each.id: each is session for each in living}

    @precondition(lambda self: self.living())
    @rule(which=CHOICES, aimed=CHOICES)
    def revoke(self, which: int, aimed: int) -> None:
        """One's own ends (22); over and somebody else's are both not there (32)."""
        session = pick(self.living(), which)
        aim = pick([*self.living(), *self.ended], aimed)
        response = self.send("revokeSession", "DELETE", f"/auth/sessions/{aim.id}", None, session)

        if aim.ended or aim.account is not session.account:
            problem(response, 404, "NOT_FOUND")
        else:
            assert response.status_code == 204, response.text
            self.end(aim)
