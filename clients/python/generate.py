"""Makes scanvet/v1/ from the proto file: python generate.py [OUT], needs the grpcio-tools of pyproject.toml."""

import sys
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
PROTO = HERE.parents[1] / "proto"
FILES = ["scanvet_pb2.py", "scanvet_pb2.pyi", "scanvet_pb2_grpc.py"]


def generate(out: Path) -> None:
    """Writes the generated modules below `out`."""
    out.mkdir(parents=True, exist_ok=True)
    includes = [f"-I{PROTO}", f"-I{resources.files('grpc_tools') / '_proto'}"]
    outs = [f"--{kind}_out={out}" for kind in ("python", "pyi", "grpc_python")]
    name = "scanvet/v1/scanvet.proto"
    if protoc.main(["protoc", *includes, *outs, name]) != 0:
        raise SystemExit(f"protoc refused {name}")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "src")
