"""Strictness that ministack lacks."""

from types import ModuleType


def apply(cognito: ModuleType) -> None:
    """Wrap the functions of ministack's Cognito module."""
