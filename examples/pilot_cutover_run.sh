#!/usr/bin/env bash
# The runbook's dpp/tools/pilot_cutover_run.sh, on cutover: the same two runs, the same exit codes (0 PASS, 1 failed, 2 waiting for a human).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." # the repository, whose directory EVIDENCE_DIR is relative to
command -v cutover >/dev/null || { echo "$0: cutover is not on PATH, nothing was done. Install it (npm link), or mend PATH." >&2; exit 1; }
exec cutover run "$@"
