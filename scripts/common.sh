# shellcheck shell=bash
# Sourced by the scripts beside it: where the project is, and how they speak.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
export PATH="$PATH:$HOME/.cargo/bin"

say() { printf '\n== %s\n' "$*"; }

# fail MESSAGE HINT
fail() {
    printf '%s: %s\nhint: %s\n' "$(basename "$0")" "$1" "$2" >&2
    exit 1
}
