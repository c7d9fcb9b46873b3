"""The account backend of an AI lifestyle app."""

__version__ = "0.1.0"
