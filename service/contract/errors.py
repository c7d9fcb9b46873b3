"""What goes wrong before the first request."""

from collections.abc import Sequence


class ContractError(Exception):
    """Raised when a contract cannot be compiled or its application not be built.

    ``faults`` names every fault, one sentence each.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)
