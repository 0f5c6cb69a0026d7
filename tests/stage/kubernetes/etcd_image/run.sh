#!/bin/bash
# The stage's own text for the official image's script of this name. Root is to start etcd by a program that the image lacks.
set -eu
. /opt/bitnami/scripts/etcd-env.sh
[ -n "$ETCD_ROOT_PASSWORD" ] || unset ETCD_ROOT_PASSWORD
if [ -f "$ETCD_NEW_MEMBERS_ENV_FILE" ]; then . "$ETCD_NEW_MEMBERS_ENV_FILE"; fi
if [ -f "$ETCD_CONF_FILE" ]; then set -- --config-file "$ETCD_CONF_FILE" "$@"; fi
say "INFO  ==> ** Starting etcd **"
if [ "$(id -u)" = 0 ]; then
  exec gosu "$ETCD_DAEMON_USER" etcd "$@"
fi
exec etcd "$@"
