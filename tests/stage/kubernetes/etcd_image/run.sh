#!/bin/sh
# Stand-in for the official image's script of this name: etcd reads its settings from ETCD_* by itself.
mkdir -p "$ETCD_DATA_DIR" && chmod 700 "$ETCD_DATA_DIR"
exec etcd "$@"
