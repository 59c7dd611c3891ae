#!/usr/bin/env bash
# `make run` as a newcomer would: from nothing, then a second time; pages answer; Ctrl-C leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
VAR_DIR=$(mktemp -d)
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export VAR_DIR PORT
unset BROKER_URL REDIS_URL DATABASE_URL || true
url="http://127.0.0.1:$PORT"
log="$VAR_DIR/run.log"

once() {
  local limit=$1 start=$SECONDS
  setsid make run >"$log" 2>&1 &
  local make_pid=$!
  until curl -fsS -o /dev/null "$url/readyz" 2>/dev/null; do
    if ((SECONDS - start > limit)) || ! kill -0 "$make_pid" 2>/dev/null; then
      tail -40 "$log"
      echo "not ready after $((SECONDS - start)) s (limit $limit)" >&2
      exit 1
    fi
    sleep 0.2
  done
  echo "ready after $((SECONDS - start)) s (limit $limit)"
  for page in / /healthz /readyz /admin/login/ /scan/ /dev/outbox/; do
    curl -fsSL -o /dev/null "$url$page" || { echo "$page does not answer" >&2; exit 1; }
  done
  grep -q "olive" "$log" || { cat "$log"; echo "the demo log-ins were not printed" >&2; exit 1; }
  kill -INT -- "-$make_pid"
  for _ in $(seq 1 75); do
    pgrep -f "$VAR_DIR" >/dev/null || kill -0 "$make_pid" 2>/dev/null || break
    sleep 0.2
  done
  if grep -lzF "VAR_DIR=$VAR_DIR" /proc/[0-9]*/environ 2>/dev/null | grep -v -e "/$$/" -e "/$BASHPID/" | while read -r file; do
    pid=${file#/proc/}; pid=${pid%/environ}
    case "$({ tr "\0" " " <"/proc/$pid/cmdline"; } 2>/dev/null)" in *manage.py*|*gunicorn*|*celery*|*valkey*|*redis*) echo "$pid" ;; esac
  done | grep -q .; then
    echo "processes were left behind" >&2
    exit 1
  fi
}
once 240
once 20
rm -rf "$VAR_DIR"
