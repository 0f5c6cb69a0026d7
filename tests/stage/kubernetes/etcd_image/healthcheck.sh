#!/bin/sh
# Stand-in for the official image's script of this name: one round trip to the member in this container.
exec etcdctl --endpoints "${ETCD_HEALTH_ENDPOINT:-http://127.0.0.1:2379}" endpoint health
