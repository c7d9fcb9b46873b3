"""People do anything in any order, and what must hold holds after every step.

HYPOTHESIS_PROFILE=nightly takes ten times as many steps; MACHINE_SEED=n takes other ones.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.accounts import AccountRules
from tests.machine.life import World
from tests.machine.owners import OwnerRules
from tests.machine.passwords import PasswordRules
from tests.machine.second_factor import SecondFactorRules
from tests.machine.sessions import SessionRules

# Steps in all. Hypothesis gives a life up when it left out every rule that was possible, so lives
# are added until there are as many.
STEPS = {"default": 200, "nightly": 2000}[os.environ.get("HYPOTHESIS_PROFILE", "default")]
LIVES_AT_ONCE = 4
STEPS_OF_A_LIFE = 50
SEED = int(os.environ.get("MACHINE_SEED", "28"))


class AccountLife(AccountRules, SessionRules, SecondFactorRules, PasswordRules, OwnerRules):
    """Every rule."""


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
@pytest.mark.requirement(11)
@pytest.mark.requirement(16)
@pytest.mark.requirement(17)
@pytest.mark.requirement(18)
@pytest.mark.requirement(28)
@pytest.mark.requirement(29)
def test_whatever_people_do_the_requirements_hold(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """In 200 steps or more; a violation is shrunk to the shortest story that shows it."""
    AccountLife.world, AccountLife.steps, AccountLife.answers = world, 0, {}
    number = SEED
    while AccountLife.steps < STEPS:
        run_state_machine_as_test(seed(number)(AccountLife), settings=LIVES)
        number += 1

    with capsys.disabled():
        print(f"\nMACHINE_SEED={SEED}: {AccountLife.steps} steps")
        for (name, status), count in sorted(AccountLife.answers.items()):
            print(f"  {name}: {status} x {count}")
