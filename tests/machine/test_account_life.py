"""People do anything in any order, and what must hold holds after every step.

HYPOTHESIS_PROFILE=nightly takes ten times as many steps; MACHINE_SEED=n takes other ones.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.machine.life import ADDRESSES, PASSWORDS, World
from tests.machine.owners import OwnerRules
from tests.machine.passwords import PasswordRules
from tests.machine.second_factor import SecondFactorRules
from tests.machine.sessions import SessionRules

# Steps in all; more are taken until everything in `MUST_HAPPEN` has happened.
STEPS = {"default": 200, "nightly": 2000}[os.environ.get("HYPOTHESIS_PROFILE", "default")]
LIVES_AT_ONCE = 8
STEPS_OF_A_LIFE = 30
MOST = 5
SEED = int(os.environ.get("MACHINE_SEED", "28"))


class AccountLife(SecondFactorRules, SessionRules, PasswordRules, OwnerRules):
    """Every rule, and people who are here already."""

    @initialize(password=st.sampled_from(PASSWORDS), enrolled=st.booleans())
    def people_are_here(self, password: str, enrolled: bool) -> None:
        """Ada and Bob are signed in, Ada with a second factor perhaps; Eve's address is free."""
        for address in ADDRESSES[:2]:
            self.register(address, str.lower, password, "Ada")
            self.enter_the_code(address, "right")
            self.log_in(address, str.lower, "right")
        if enrolled:
            self.enrol(which=0)


# A run that never met one of these has shown nothing about it.
MUST_HAPPEN = {
    ("registerUser", 409),
    ("verifyEmail", 400),
    ("loginUser", 401),
    ("refreshToken", 401),
    ("revokeSession", 204),
    ("verifyMfa", 200),
    ("recoverMfa", 204),
    ("disableMfa", 200),
    ("changePassword", 204),
    ("confirmPasswordReset", 204),
    ("verifyNewEmail", 200),
    ("deleteUser", 204),
}
LIVES = settings(
    max_examples=LIVES_AT_ONCE,
    stateful_step_count=STEPS_OF_A_LIFE,
    deadline=None,
    database=None,
    print_blob=False,
    report_multiple_bugs=False,
    phases=(Phase.generate, Phase.shrink),
    # A step is a few HTTP requests and AWS calls; Hypothesis takes that for slow.
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.timeout(900)
@pytest.mark.requirement(3)
@pytest.mark.requirement(6)
@pytest.mark.requirement(8)
@pytest.mark.requirement(11)
@pytest.mark.requirement(12)
@pytest.mark.requirement(13)
@pytest.mark.requirement(15)
@pytest.mark.requirement(16)
@pytest.mark.requirement(17)
@pytest.mark.requirement(18)
@pytest.mark.requirement(20)
@pytest.mark.requirement(21)
@pytest.mark.requirement(22)
@pytest.mark.requirement(28)
@pytest.mark.requirement(29)
def test_whatever_people_do_the_requirements_hold(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """In 200 steps or more; a violation is shrunk to the shortest story that shows it."""
    AccountLife.world, AccountLife.steps, AccountLife.answers = world, 0, {}
    number = SEED
    while AccountLife.steps < STEPS or MUST_HAPPEN - AccountLife.answers.keys():
        assert AccountLife.steps < MOST * STEPS, MUST_HAPPEN - AccountLife.answers.keys()
        run_state_machine_as_test(seed(number)(AccountLife), settings=LIVES)
        number += 1

    with capsys.disabled():
        print(f"\nMACHINE_SEED={SEED}: {AccountLife.steps} steps")
        for (name, status), count in sorted(AccountLife.answers.items()):
            print(f"  {name}: {status} x {count}")
