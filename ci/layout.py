"""Build the image's file tree without Docker: `python -m ci.layout TARGET`.

The Dockerfile's instructions are carried out one by one under a directory of their stage, without
the base image's files. An instruction that is not known here stops the build: a tree that is only
nearly the image would prove nothing.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "python3.13"


class LayoutError(Exception):
    """Raised when the Dockerfile holds an instruction that cannot be carried out here."""


@dataclass
class Stage:
    """What an image consists of: its files, and how it is started."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = ""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def path(self, inside: str) -> Path:
        """Return where a path of the image lies on this machine."""
        return self.root / str(PurePosixPath(self.workdir, inside)).lstrip("/")


def instructions(dockerfile: str) -> Iterator[tuple[str, list[str]]]:
    """Read a Dockerfile as instructions and their words; JSON arrays become words too."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        keyword, _, rest = line.strip().partition(" ")
        if keyword:
            yield keyword, json.loads(rest) if rest.startswith("[") else rest.split()


def build(target: Path, context: Path = ROOT) -> Stage:
    """Carry out the Dockerfile of a context; returns its last stage. Raises `LayoutError`."""
    stages: dict[str, Stage] = {}
    current = Stage(target)
    for keyword, words in instructions((context / "Dockerfile").read_text()):
        if keyword == "ARG":
            continue  # Only BASE, and what the base holds is left out.
        if keyword == "FROM":
            name = words[2] if len(words) == 3 else str(len(stages))
            current = stages[name] = Stage(target / name)
            current.root.mkdir(parents=True)
            continue
        _carry_out(keyword, words, current, stages, context)
    return current


def _carry_out(
    keyword: str, words: list[str], stage: Stage, stages: dict[str, Stage], context: Path
) -> None:
    match keyword:
        case "COPY":
            _copy(words, stage, stages, context)
        case "RUN":
            _run(words, stage)
        case "ENV":
            stage.env |= dict(word.split("=", 1) for word in words)
        case "WORKDIR":
            stage.workdir = words[0]
        case "USER":
            stage.user = words[0]
        case "ENTRYPOINT":
            stage.entrypoint = words
        case "CMD":
            stage.command = words
        case "EXPOSE":
            pass
        case _:
            raise LayoutError(f"{keyword} is not known to ci/layout.py.")


def _copy(words: list[str], stage: Stage, stages: dict[str, Stage], context: Path) -> None:
    flags = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
    *sources, destination = [word for word in words if not word.startswith("--")]
    if surplus := flags.keys() - {"from", "chmod"}:
        raise LayoutError(f"COPY --{', --'.join(sorted(surplus))} is not known to ci/layout.py.")
    for source in sources:
        if "from" in flags:
            _place(stages[flags["from"]].path(source), stage.path(destination), ())
            continue
        target = stage.path(destination)
        if (context / source).is_file() and destination.endswith("/"):
            target /= Path(source).name
        _place(context / source, target, ignored(context), context)
        if mode := flags.get("chmod"):
            target.chmod(int(mode, 8))


def _place(source: Path, target: Path, patterns: Sequence[str], context: Path = ROOT) -> None:
    def skip(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(context) if patterns else Path()
        return {name for name in names if patterns and is_ignored(inside / name, patterns)}

    if patterns and is_ignored(source.relative_to(context), patterns):
        raise LayoutError(f"{source.name} is copied, and .dockerignore leaves it out.")
    if source.is_dir():
        shutil.copytree(source, target, ignore=skip, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def ignored(context: Path) -> tuple[str, ...]:
    """Return the patterns of .dockerignore."""
    lines = (context / ".dockerignore").read_text().splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def is_ignored(path: Path, patterns: Sequence[str]) -> bool:
    """Say whether .dockerignore leaves a path out: the last pattern that matches decides.

    https://docs.docker.com/build/concepts/context/#dockerignore-files
    """
    verdict = False
    candidates = [path, *path.parents][:-1]
    for pattern in patterns:
        plain = pattern.lstrip("!")
        names = [str(each) for each in candidates]
        if plain.startswith("**/"):
            names, plain = [each.name for each in candidates], plain[3:]
        if any(fnmatch.fnmatchcase(name, plain) and _depth(name, plain) for name in names):
            verdict = not pattern.startswith("!")
    return verdict


def _depth(name: str, pattern: str) -> bool:
    return name.count("/") == pattern.count("/")


def _run(words: list[str], stage: Stage) -> None:
    if words[:4] == [PYTHON, "-m", "pip", "install"] and words[-1].startswith("uv=="):
        return  # This machine's uv serves instead.
    if words[0] != "/build/ci/image-build.sh":
        raise LayoutError(f"RUN {' '.join(words)} is not known to ci/layout.py.")
    command = [str(stage.path(word)) for word in words]
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.defpath]))
    environment = os.environ | {"PYTHON": interpreter(), "UV": uv or "uv"}
    subprocess.run(command, env=environment, check=True)  # noqa: S603  # The Dockerfile's own words.


def interpreter() -> str:
    """Return a Python of the image's version, without the packages of this environment."""
    if sys.version_info[:2] == (3, 13):
        return str(Path(sys.executable).resolve())
    found = shutil.which(PYTHON)
    if found is None:
        raise LayoutError(f"The image runs {PYTHON}, and this machine has none.")
    return found


def main(arguments: list[str]) -> None:
    """Build the tree under a directory that does not exist yet, and say where it is."""
    if len(arguments) != 1 or Path(arguments[0]).exists():
        raise SystemExit("usage: python -m ci.layout TARGET (which must not exist yet)")
    stage = build(Path(arguments[0]).resolve())
    print(f"{stage.root}: {' '.join(stage.entrypoint + stage.command)}")


if __name__ == "__main__":
    main(sys.argv[1:])
