#!/usr/bin/env bash
# Runs both commands of the README on fresh Debians: a chroot with python3, python3-venv, make and certificates only.
#   tests/fresh/run.sh [SUITE ...]     default: bookworm trixie sid
# Needs root and debootstrap. Variables:
#   TESTS   which tests, in pytest's words; "all" for `make test` as it is; default: a subset of some minutes
#   MIRROR  where Debian is fetched from; default: debootstrap's own
#   FOLDER  where the chroots are kept for the next time; default: a temporary folder, removed at the end
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/../.." && pwd)
QUICK="tests/unit tests/cases tests/test_architecture.py tests/test_installation.py tests/test_packaging.py tests/e2e/test_main_job.py"
TESTS=${TESTS:-$QUICK}
SUITES=("$@")
[ ${#SUITES[@]} -gt 0 ] || SUITES=(bookworm trixie sid)

[ "$(id -u)" = 0 ] || { echo "debootstrap needs root: sudo make fresh" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }
if [ -z "${FOLDER:-}" ]; then
    FOLDER=$(mktemp -d)
    trap 'rm -rf --one-file-system "$FOLDER"' EXIT
fi
mkdir -p "$FOLDER"

# The network is this machine's: its names, its certificates, its settings for proxies and for pip, by the same paths.
FAILED=0
NETWORK=()
PATHS=(/etc/resolv.conf /etc/hosts /etc/pip.conf /etc/xdg/pip /root/.config/pip /root/.pip)
while IFS='=' read -r name value; do
    NETWORK+=("$name=$value")
    for word in $value; do
        case $word in /*) PATHS+=("$word") ;; esac
    done
done < <(env | grep -iE '^(PIP_[A-Z_]+|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|(https?|no|all)_proxy)=' || true)

debian() { # SUITE FOLDER
    [ ! -e "$2/fresh" ] || return 0
    rm -rf --one-file-system "$2"
    debootstrap --variant=minbase --include=python3,python3-venv,make,ca-certificates "$1" "$2" ${MIRROR:-} >"$2.log" 2>&1 ||
        { tail -20 "$2.log" >&2; return 1; }
    chroot "$2" useradd --create-home someone
    touch "$2/fresh"
}

inside() { # FOLDER USER DIRECTORY COMMAND...   the mounts are gone with the namespace, whatever happens
    # shellcheck disable=SC2016
    unshare --mount --propagation private bash -euc '
        root=$1 user=$2 directory=$3; shift 3
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mountpoint -q "$root/dev/pts" || mount -t devpts devpts "$root/dev/pts"
        exec chroot "$root" setpriv --reuid "$user" --regid "$user" --init-groups --reset-env \
            env --chdir="$directory" LANG= LC_ALL= "$@"
    ' - "$@"
}

timed() { # LABEL COMMAND...
    local label=$1 started=$SECONDS
    shift
    if "$@" >"$LOG" 2>&1; then
        echo "$label: $((SECONDS - started)) s"
    else
        grep -v '^WARNING: Location' "$LOG" | tail -60
        echo "$label: FAILED after $((SECONDS - started)) s"
        FAILED=1
    fi
}

both() { # SUITE CHROOT USER DIRECTORY LABEL
    local words=(make test)
    [ "$TESTS" = all ] || words+=("TESTS=$TESTS")
    timed "$5, make demo" inside "$2" "$3" "$4" "${NETWORK[@]}" make demo
    timed "$5, make demo again" inside "$2" "$3" "$4" "${NETWORK[@]}" make demo
    timed "$5, make test" inside "$2" "$3" "$4" "${NETWORK[@]}" "${words[@]}"
    grep -E '^(=+ )?[0-9]+ (passed|failed)|^=+ .*(passed|failed)' "$LOG" || true
}

for suite in "${SUITES[@]}"; do
    chroot="$FOLDER/$suite"
    LOG="$FOLDER/$suite.log"
    timed "$suite, debootstrap" debian "$suite" "$chroot"
    [ -e "$chroot/fresh" ] || continue
    for path in "${PATHS[@]}"; do
        [ ! -e "$path" ] || { mkdir -p "$chroot$(dirname "$path")" && cp -RLf "$path" "$chroot$(dirname "$path")/"; }
    done
    echo "$suite: $(chroot "$chroot" python3 -V), pip $(ls "$chroot"/usr/share/python-wheels 2>/dev/null | sed -n 's/^pip-\([0-9.]*\)-.*/\1/p')"

    # A clone, as somebody without root's rights.
    rm -rf "$chroot/home/someone/okrsync"
    git clone --quiet --no-hardlinks "$ROOT" "$chroot/home/someone/okrsync"
    chroot "$chroot" chown -R someone: /home/someone
    both "$suite" "$chroot" someone /home/someone/okrsync "$suite, clone"

    # An unpacked archive, without git, as root, in a folder with a blank in its name.
    rm -rf "$chroot/root/okrsync 1"
    mkdir "$chroot/root/okrsync 1"
    git -C "$ROOT" archive HEAD | tar -x -C "$chroot/root/okrsync 1"
    both "$suite" "$chroot" root "/root/okrsync 1" "$suite, archive"
done
exit "$FAILED"
