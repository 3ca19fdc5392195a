#!/usr/bin/env bash
# A base image where none can be pulled: Debian with Python, from the machine's own package mirror. Usage: tools/local_base.sh NAME
set -euo pipefail
name=${1:-saiken-base:local}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mirror=$(awk '/^deb /{print $2; exit} /^URIs:/{print $2; exit}' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null)
debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates bookworm "$folder" "$mirror"
# Whatever authority this machine trusts, its builds trust.
cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
tar -C "$folder" --exclude='./var/cache/apt/archives/*.deb' -c . | docker import - "$name"
