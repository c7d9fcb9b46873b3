"""``python -m service.contract compile [SOURCE] [-o OUT]``: compile the contract to its bundle."""

import argparse
import json
import os
import sys
from pathlib import Path

from service.contract import ContractError, compile_contract

PACKAGE = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 1 when the contract has faults, each on a line of its own."""
    parser = argparse.ArgumentParser(prog="python -m service.contract", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    compile_ = commands.add_parser("compile", help="compile the contract to its bundle")
    compile_.add_argument("source", nargs="?", type=Path, default=PACKAGE.parent / "openapi.yaml")
    compile_.add_argument("-o", "--out", type=Path, default=PACKAGE / "bundle.json")
    options = parser.parse_args(arguments)
    try:
        bundle = compile_contract(options.source)
    except (ContractError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command line's output.
        return 1
    write(json.dumps(bundle, ensure_ascii=False, separators=(",", ":")), options.out)
    print(f"{options.out}: {len(bundle['operations'])} operations")  # noqa: T201 - as above.
    return 0


def write(text: str, out: Path) -> None:
    """Replace a file in one step: a server that starts meanwhile reads the old or the new one."""
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(out)


if __name__ == "__main__":
    sys.exit(main())
