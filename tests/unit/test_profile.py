"""Merging, versions and attempts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from service.domain.errors import VersionMismatch
from service.domain.ports import Profile, utc_now
from service.domain.profile import ATTEMPTS, merge_patch
from service.handlers.profile import expected_versions, user_profile
from tests.unit.conftest import Domain

Fail = Callable[..., None]

# RFC 7396, appendix A, as far as both are objects (a PATCH of ours always is one).
RFC_7396: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
]


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396)
def test_the_table_of_rfc_7396(
    target: dict[str, Any], patch: dict[str, Any], result: dict[str, Any]
) -> None:
    """Row by row; the target is left as it was."""
    before = repr(target)

    assert merge_patch(target, patch) == result
    assert repr(target) == before


def test_objects_left_empty_go() -> None:
    """Where we differ: two rows of the RFC keep `{"a": {"bb": {}}}` and `{"e": null}`."""
    assert merge_patch({}, {"a": {"bb": {"ccc": None}}}) == {}
    assert merge_patch({"e": None}, {"a": 1}) == {"a": 1}
    assert merge_patch({"a": {"b": 1}, "c": 2}, {"a": {"b": None}}) == {"c": 2}


def test_an_object_replaces_what_is_none() -> None:
    """RFC 7396, 2: a target that is no object is taken for an empty one."""
    assert merge_patch({"a": "foo"}, {"a": {"b": "c"}}) == {"a": {"b": "c"}}


def test_merging_twice_is_merging_once() -> None:
    """A client may repeat a change whose answer was lost."""
    for target, patch, _ in RFC_7396:
        once = merge_patch(target, patch)

        assert merge_patch(once, patch) == once


def test_a_change_grows_the_version_by_one(domain: Domain) -> None:
    """And is what the next read returns."""
    domain.verified()
    caller = domain.caller(domain.login())

    changed = domain.profiles.update_user_profile(caller, {"first_name": "Augusta"}, {2})

    assert (changed.version, changed.first_name) == (3, "Augusta")
    assert domain.profiles.get_user_profile(caller) == changed


@pytest.mark.parametrize("expected", [None, {2}])
def test_a_collision_is_tried_again_only_without_a_version(
    domain: Domain, fail: Fail, expected: set[int] | None
) -> None:
    """Who named the version wants to know."""
    domain.verified()
    caller = domain.caller(domain.login())
    fail(domain.store, "update", VersionMismatch(), times=1)

    if expected is None:
        domain.profiles.update_user_profile(caller, {"first_name": "X"}, expected)
    else:
        with pytest.raises(VersionMismatch):
            domain.profiles.update_user_profile(caller, {"first_name": "X"}, expected)


def test_collisions_without_end_are_told(domain: Domain, fail: Fail) -> None:
    """After three attempts, not for ever."""
    domain.verified()
    caller = domain.caller(domain.login())
    fail(domain.store, "update", VersionMismatch(), times=ATTEMPTS)

    with pytest.raises(VersionMismatch):
        domain.profiles.update_user_profile(caller, {"first_name": "X"}, None)

    domain.profiles.update_user_profile(caller, {"first_name": "X"}, None)


@pytest.mark.parametrize(
    ("tags", "versions"),
    [
        (None, None),
        ("*", None),
        ('"1"', {1}),
        ('"120"', {120}),
        ('"1", "3"', {1, 3}),
        ('"1" ,W/"2","x", "3"', {1, 3}),
    ],
)
def test_entity_tags_of_ours_name_versions(tags: str | None, versions: set[int] | None) -> None:
    """No header and `*` name any; of several, those that we made count."""
    assert expected_versions(tags) == versions


@pytest.mark.parametrize(
    "tag", ['"01"', '"0"', '"x"', '"1', "1", '"\u0661"', 'W/"1"', '""', '"' + "9" * 40 + '"']
)
def test_any_other_tag_matches_nothing(tag: str) -> None:
    """RFC 9110, 13.1.1."""
    assert expected_versions(tag) == set()


def test_a_profile_without_options_has_no_nulls_on_the_wire() -> None:
    """What was never given is left out."""
    now = utc_now()
    profile = Profile("0b7c2f5e-6a43-4c1e-8c57-2f4f8c3f9a10", "a@example.com", "Ada", "O", now, now)

    sent = user_profile(profile).model_dump_json(by_alias=True, exclude_none=True)

    assert "null" not in sent
    assert "preferences" not in sent
