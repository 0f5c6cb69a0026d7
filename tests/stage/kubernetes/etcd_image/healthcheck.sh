#!/bin/bash
# The stage's own text for the official image's script of this name: one round trip to the address that this member tells.
set -eu
. /opt/bitnami/scripts/etcd-env.sh
endpoint=${ETCD_ADVERTISE_CLIENT_URLS%%[,;]*}
exec etcdctl endpoint health --endpoints="${endpoint#*://}"
