#!/usr/bin/env bash
# Installs the locks with old pips and the newest, as the Makefile does, and runs the demo with each.
#   tests/fresh/pips.sh [PIP_VERSION ...]      a version, or "newest"; PYTHON says which Python
set -euo pipefail
cd "$(dirname "$0")/../.."

PIPS=("$@")
[ ${#PIPS[@]} -gt 0 ] || PIPS=(22.0.4 22.3.1 23.0.1 23.2.1 newest)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

for version in "${PIPS[@]}"; do
    rm -rf "$WORK/venv"
    "${PYTHON:-python3}" -m venv "$WORK/venv"
    pip=("$WORK/venv/bin/python" -m pip --disable-pip-version-check)
    if [ "$version" = newest ]; then wanted=(--upgrade pip); else wanted=("pip==$version"); fi
    "${pip[@]}" install --quiet "${wanted[@]}"
    started=$SECONDS
    for lock in build run dev; do
        "${pip[@]}" install --quiet --no-user --require-hashes --no-deps -r ".requirements/$lock.txt"
    done
    "${pip[@]}" install --quiet --no-user --no-deps --no-build-isolation .
    "${pip[@]}" check
    took=$((SECONDS - started))
    "$WORK/venv/bin/okrsync" demo >"$WORK/demo.txt" 2>&1 || { cat "$WORK/demo.txt"; exit 1; }
    echo "$("${pip[@]}" --version | cut -d' ' -f1,2), $("$WORK/venv/bin/python" -V): installed in $took s, the demo ends well"
done
