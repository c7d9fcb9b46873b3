"""A registration of a taken address under faults, in a deployment that hides who has an account."""

from __future__ import annotations

from datetime import timedelta

from service.domain.accounts import Registration
from service.domain.errors import TooManyRequests, Unavailable
from service.domain.hiding import Registered, Registrations
from tests.faults.conftest import World, report
from tests.faults.harness import ProcessDied, sweep


def test_the_account_is_untouched_and_nothing_is_told(world: World) -> None:
    """Its owner signs in; the stranger learns of success or of an outage, never more."""

    def verified() -> World:
        world.newcomer().register()
        world.verify()
        world.clock.ahead += timedelta(minutes=1)
        return world

    def register(world: World) -> Registered:
        services = world.services
        hiding = Registrations(services.accounts, services.notices, True, timedelta(0))
        return hiding.register_user(Registration(world.email, "a strange phrase", "Eve", "X"))

    def verdict(world: World, outcome: object) -> str:
        told = (Unavailable, TooManyRequests, ProcessDied)
        assert outcome == Registered(world.email) or isinstance(outcome, told), outcome
        assert world.login().profile.first_name == "Ada"
        return "works"

    rows = sweep(world.faults, verified, register, verdict)

    report("registerUser, hiding, taken", rows)
    assert {row.call for row in rows} == {
        "cognito-idp:SignUp",
        "cognito-idp:AdminGetUser",
        "dynamodb:GetItem",
        "sesv2:SendEmail",
    }
