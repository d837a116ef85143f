#!/bin/sh
# Makes a Docker host of a Debian machine, with the packages that its own apt has.
set -eu
if ! command -v dockerd >/dev/null || ! command -v wg >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get --quiet update
  apt-get --quiet install --yes --no-install-recommends docker.io wireguard-tools iputils-ping
fi
# Docker may still be starting
systemctl is-system-running --wait || true
docker version --format 'Docker {{.Server.Version}}'
