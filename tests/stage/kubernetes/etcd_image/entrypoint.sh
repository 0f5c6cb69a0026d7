#!/bin/bash
# The stage's own text for the official image's script of this name.
set -eu
. /opt/bitnami/scripts/etcd-env.sh
if [ "$1" = /opt/bitnami/scripts/etcd/run.sh ]; then
  say "INFO  ==> ** Starting etcd setup **"
  /opt/bitnami/scripts/etcd/setup.sh
  say "INFO  ==> ** etcd setup finished! **"
fi
exec "$@"
