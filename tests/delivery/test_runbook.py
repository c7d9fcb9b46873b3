"""Whoever is woken by an alarm finds it in the runbook."""

import re

import pytest

from tests.delivery.machine import ROOT

ALARMS = (ROOT / "infra" / "service" / "alarms.tf").read_text()
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()


def alarm_names() -> list[str]:
    """The names of the alarms without their stage: keys of the map, and those named one by one."""
    table = ALARMS[ALARMS.index("  alarms = {") : ALARMS.index('resource "aws_sns_topic"')]
    keys = re.findall(r"^    ([a-z0-9-]+) = \{$", table, re.M)
    single = re.findall(r'alarm_name\s+= "([a-z0-9-]+)-\$\{var\.environment\}"', ALARMS)
    return sorted(keys + single)


def section(name: str) -> str:
    """The text under a heading, up to the next one."""
    found = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^#|\Z)", RUNBOOK, re.M | re.S)
    return found[1] if found else ""


def test_every_alarm_is_found_in_terraform() -> None:
    """A map that is written otherwise would make the next test pass on nothing."""
    resources = re.findall(r'resource "aws_cloudwatch_metric_alarm"', ALARMS)

    assert len(resources) == 2
    assert len(alarm_names()) >= 10


@pytest.mark.parametrize("name", alarm_names())
def test_an_alarm_has_a_section(name: str) -> None:
    """What it means, where to look first, what to do."""
    text = section(name)

    for part in ("**Means:**", "**First look:**", "**Do:**"):
        assert part in text, f"{name} has no {part}"


def test_no_section_is_about_an_alarm_that_is_gone() -> None:
    """Sections before the last part of the runbook are alarms, each once."""
    alarms = RUNBOOK[: RUNBOOK.index("# Without an alarm")]

    assert sorted(re.findall(r"^## (\S+)$", alarms, re.M)) == alarm_names()
