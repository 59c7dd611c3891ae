#!/bin/sh
# System packages that pip cannot bring. As root on Debian or Ubuntu they are installed; otherwise they are named.
#   system.sh run       what printing needs
#   system.sh browser   and Chromium, for the browser tests and the screenshots
set -eu
what=${1:-run}

if [ "$(uname -s)" = Darwin ]; then
  [ -e /opt/homebrew/lib/libpango-1.0.dylib ] || [ -e /usr/local/lib/libpango-1.0.dylib ] || {
    echo "Printing needs Pango. Install it with: brew install pango" >&2
    exit 1
  }
  exit 0
fi
command -v dpkg-query >/dev/null 2>&1 || {
  echo "This is neither Debian, Ubuntu nor macOS. Printing needs Pango and the HarfBuzz subset library, and the Noto fonts." >&2
  exit 0
}

must="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
should="fonts-dejavu-core fonts-noto-core fonts-noto-cjk"
python3 -c 'import ensurepip, venv' 2>/dev/null || must="$must python3-venv"
if [ "$what" = browser ] && ! command -v chromium >/dev/null 2>&1; then must="$must chromium"; fi

missing() {
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf '%s ' "$package"
  done
}
need=$(missing $must)
want=$(missing $should)
[ -n "$need$want" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  echo "Installing system packages: $need$want"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $need $want >/dev/null
  exit 0
fi
if [ -n "$need" ]; then
  echo "Missing system packages. Install them, then start again:" >&2
  echo "  sudo apt-get install -y $need$want" >&2
  exit 1
fi
echo "Some names will not print without these fonts: sudo apt-get install -y $want" >&2
