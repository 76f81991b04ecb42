"""Does what the Dockerfile says, without an engine: python deploy/image.py

Reads the Dockerfile's lines, so that the two cannot drift apart: copies what it copies into empty
folders below target/image, runs its RUN line there (the static release build: slow), lists what the
image would hold, and runs its CMD and HEALTHCHECK in a root that holds nothing else, as its USER,
read-only, in a network of its own. Needs Linux with user namespaces, util-linux and binutils.

--list ends before the build. With a program (image.py FILE) that one stands in for the built one.
"""

import argparse
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PLACE = REPOSITORY / "target" / "image"
LIMIT = 60_000_000


def instructions(text: str) -> list[tuple[str, str]]:
    """Instructions and their arguments, lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def ignored(path: str, rules: list[str]) -> bool:
    """Whether .dockerignore keeps this path from the builder: the last rule that fits counts."""
    out = False
    for rule in rules:
        fits = any(
            fnmatch.fnmatch(part, rule.lstrip("!").strip("/"))
            for part in [path, *map(str, Path(path).parents)]
            if part != "."
        )
        out = not rule.startswith("!") if fits else out
    return out


def copied(arguments: str) -> tuple[str | None, list[str], str]:
    """Stage, sources and destination of a COPY."""
    words = shlex.split(arguments)
    stage = next((word.split("=", 1)[1] for word in words if word.startswith("--from=")), None)
    *sources, to = [word for word in words if not word.startswith("--")]
    return stage, sources, to


def copy(source: Path, name: str, folder: Path, to: str) -> None:
    """One source of a COPY: a folder's contents, or a file."""
    if not source.exists():
        sys.exit(f"the Dockerfile copies {name}, which is not there")
    target = folder / to.lstrip("/")
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    target = target / source.name if to.endswith("/") else target
    target.parent.mkdir(parents=True, exist_ok=True)
    # With its time, so that cargo knows what it has built before.
    shutil.copy2(source, target)


def emptied(folder: Path, but: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.name != but:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    return folder


class Image:
    """The Dockerfile's two stages, as folders."""

    def __init__(self, dockerfile: Path, place: Path) -> None:
        self.stages: list[list[tuple[str, str]]] = []
        for name, arguments in instructions(dockerfile.read_text()):
            if name == "FROM":
                self.stages.append([])
            self.stages[-1].append((name, arguments))
        ignore = (dockerfile.parent / ".dockerignore").read_text().splitlines()
        self.ignore = [rule for rule in ignore if rule and not rule.startswith("#")]
        # The cache that the RUN line mounts survives here, too.
        self.build = emptied(place / "build", but="target")
        self.root = emptied(place / "root")
        self.results = place / "results"

    def one(self, name: str) -> str:
        """The only instruction of this name in the last stage."""
        found = [arguments for known, arguments in self.stages[-1] if known == name]
        if len(found) != 1:
            sys.exit(f"the last stage has {len(found)} lines {name}")
        return found[0]

    def copy(self, stage: int, folder: Path, of_stage: bool) -> None:
        """The COPY lines of a stage: those from the folder of the project, or from its first stage."""
        for name, arguments in self.stages[stage]:
            origin, sources, to = copied(arguments) if name == "COPY" else (None, [], "")
            for source in sources if (origin is not None) == of_stage else []:
                if of_stage:
                    made = self.results / Path(source).name
                    # What the base brings along is this machine's own.
                    copy(made if made.exists() else Path(source), source, folder, to)
                    continue
                if ignored(source, self.ignore):
                    sys.exit(f"the Dockerfile copies {source}, which .dockerignore leaves out")
                copy(REPOSITORY / source, source, folder, to)

    def sources(self) -> None:
        self.copy(0, self.build, of_stage=False)
        self.copy(-1, self.root, of_stage=False)

    def run(self, program: Path | None) -> None:
        """The RUN line of the first stage, or a program in the place of what it makes."""
        emptied(self.results)
        if program:
            shutil.copy2(program, self.results / "scanvet")
            return
        environment = dict(os.environ)
        environment.pop("CARGO_TARGET_DIR", None)
        for name, arguments in self.stages[0]:
            if name == "ENV":
                environment.update(word.split("=", 1) for word in shlex.split(arguments))
            elif name == "RUN":
                command = re.sub(r"--mount=\S+\s+", "", arguments)
                for made in self.made():
                    command = re.sub(rf"(?<=\s){made}\b", f"{self.results}{made}", command)
                print(f"+ {command}", flush=True)
                subprocess.run(command, shell=True, check=True, cwd=self.build, env=environment)

    def made(self) -> list[str]:
        """What the last stage takes from the top of the first one: the RUN line makes it."""
        copies = [copied(arguments) for name, arguments in self.stages[-1] if name == "COPY"]
        names = [name for stage, sources, _ in copies if stage for name in sources]
        return [name for name in names if name.count("/") == 1]


def is_static(program: Path) -> bool:
    """No interpreter and no libraries, so that it starts on an empty root."""
    seen = subprocess.run(
        ["readelf", "--wide", "--program-headers", "--dynamic", program],
        check=True, capture_output=True, text=True,
    ).stdout
    return "INTERP" not in seen and "(NEEDED)" not in seen


def listing(root: Path) -> int:
    """Prints what the image holds; the sum of bytes."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    for path in files:
        print(f"{path.stat().st_size:>11,}  /{path.relative_to(root)}")
    total = sum(path.stat().st_size for path in files)
    print(f"{total:>11,}  in all, of {LIMIT:,}")
    return total


def apart(command: list[str], user: str, root: Path) -> list[str]:
    """The command as this user in this root, without rights beyond."""
    uid, gid = user.split(":")
    mapped = [f"--map-user={uid}", f"--map-group={gid}"]
    return [shutil.which("unshare"), "--user", *mapped, f"--root={root}", "--wd=/", *command]


def names(port: int) -> None:
    """Answers every question for an address with 127.0.0.1, as a cluster's name server would."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", port))
    while True:
        question, caller = server.recvfrom(512)
        end = question.index(b"\0", 12) + 5
        is_ipv4 = question[end - 4 : end - 2] == b"\0\x01"
        head = question[:2] + b"\x81\x80\0\x01" + (b"\0\x01" if is_ipv4 else b"\0\0") + b"\0\0\0\0"
        answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01" if is_ipv4 else b""
        server.sendto(head + question[12:end] + answer, caller)


def inside(root: Path, program: str, serve: list[str], health: list[str], user: str) -> None:
    """Within a network of its own: starts the service, asks how it is, has a file judged, ends it."""
    subprocess.run(["mount", "--bind", root, root], check=True)
    subprocess.run(["mount", "--rbind", "/proc", root / "proc"], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    threading.Thread(target=names, args=[53], daemon=True).start()
    clean = {"PATH": "/"}
    log = tempfile.TemporaryFile("w+")
    service = subprocess.Popen(apart(serve, user, root), env=clean, stderr=log)
    try:
        told = ""
        for _ in range(100):
            time.sleep(0.1)
            log.seek(0)
            told = log.read()
            if "serving" in told or service.poll() is not None:
                break
        print(told.strip())
        uid = Path(f"/proc/{service.pid}/uid_map").read_text().split()[0]
        status = Path(f"/proc/{service.pid}/status").read_text()
        rights = re.search(r"CapEff:\s*(\w+)", status)[1]
        print(f"user {uid}, rights {rights}")
        for more in [[], ["--server", "localhost:50051"], ["--server", "scanvet.svc:50051"]]:
            asked = subprocess.run(
                apart([*health, *more], user, root), env=clean,
                capture_output=True, text=True, timeout=10,
            )
            print(f"{' '.join([*health, *more])}: exit {asked.returncode} {asked.stderr.strip()}")
            if asked.returncode:
                sys.exit("the HEALTHCHECK fails")
        metrics = urllib.request.urlopen("http://127.0.0.1:9464/metrics", timeout=5).read()
        print(f"/metrics: {len(metrics)} bytes")
        with tempfile.TemporaryDirectory() as out:
            sample = REPOSITORY / "testdata" / "samples" / "reject-card-grey.jpg"
            (Path(out) / "scans").mkdir()
            shutil.copy(sample, Path(out) / "scans")
            subprocess.run(
                [root / program.lstrip("/"), "batch", Path(out) / "scans", "--out", Path(out) / "to",
                 "--server", "http://127.0.0.1:50051"],
                check=False, timeout=60,
            )
            for part in sorted(Path(out).glob("to/parts/*.ndjson")):
                record = json.loads(part.read_text())
                reasons = [finding["reason"] for finding in record["findings"]]
                print(f"{record['itemId']}: {record['verdict']} {reasons}")
                if reasons != ["COLOUR_MISSING"]:
                    sys.exit("that is not what the file is")
                break
            else:
                sys.exit("no verdict came")
        service.send_signal(signal.SIGTERM)
        code = service.wait(timeout=60)
        print(f"told to stop: exit {code}")
        if code:
            sys.exit("it does not end well")
    finally:
        service.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", type=Path, help="stands in for the built one")
    parser.add_argument("--list", action="store_true", help="copy, and end before the build")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        return inside(PLACE / "root", **json.loads(arguments.inside))
    if arguments.list:
        with tempfile.TemporaryDirectory() as place:
            image = Image(REPOSITORY / "Dockerfile", Path(place))
            image.sources()
            for folder in [image.build, image.root]:
                for path in sorted(folder.rglob("*")):
                    if path.is_file():
                        print(f"{folder.name}/{path.relative_to(folder)}")
        return None
    image = Image(REPOSITORY / "Dockerfile", PLACE)
    image.sources()
    image.run(arguments.program)
    image.copy(-1, image.root, of_stage=True)
    entry = json.loads(image.one("ENTRYPOINT"))
    program = image.root / entry[0].lstrip("/")
    if not is_static(program):
        sys.exit("the program is not static")
    print("static: no interpreter, no libraries")
    if listing(image.root) > LIMIT:
        sys.exit("the image is too large")
    # What an engine adds to every container.
    for folder in ["proc", "etc"]:
        (image.root / folder).mkdir(exist_ok=True)
    (image.root / "etc" / "hosts").write_text("127.0.0.1 localhost\n")
    (image.root / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    facts = {
        "program": entry[0],
        "serve": entry + json.loads(image.one("CMD")),
        "health": json.loads(image.one("HEALTHCHECK").split("CMD", 1)[1]),
        "user": image.one("USER"),
    }
    command = ["unshare", "--user", "--map-root-user", "--net", "--mount", sys.executable, __file__]
    return sys.exit(subprocess.run([*command, "--inside", json.dumps(facts)]).returncode)


if __name__ == "__main__":
    main()
