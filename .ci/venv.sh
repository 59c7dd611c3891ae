#!/bin/sh
# Makes the virtual environment with the newest Python that is there, 3.11 or later.
set -eu
venv=$1
[ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && exit 0
for python in python3 python3.14 python3.13 python3.12 python3.11; do
  if command -v "$python" >/dev/null 2>&1 && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Making $venv with $("$python" --version)"
    rm -rf "$venv"
    exec "$python" -m venv "$venv"
  fi
done
echo "Tracker needs Python 3.11 or later; $(python3 --version 2>/dev/null || echo none) is what is here." >&2
exit 1
