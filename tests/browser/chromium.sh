#!/bin/sh
# The browser tests need a real Chromium. On Debian as root it is installed; elsewhere we say what to install.
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium for the browser tests"
  (apt-get install -y -qq chromium || { apt-get update -qq && apt-get install -y -qq chromium; }) >/dev/null
  exit $?
fi
echo "The browser tests need Chromium: install it (Debian: sudo apt-get install chromium) and run make test again." >&2
exit 1
