#!/bin/bash
# The stage's own text for the official image's script of this name: what is checked, waited for and written before etcd
# starts, in the official order. Passwords are checked and not set up, snapshots are not restored.
set -eu
. /opt/bitnami/scripts/etcd-env.sh

if ! is_yes "$ALLOW_NONE_AUTHENTICATION" && [ -z "$ETCD_ROOT_PASSWORD" ]; then
  say "ERROR ==> The ETCD_ROOT_PASSWORD environment variable is empty or not set. ALLOW_NONE_AUTHENTICATION=yes allows that."
  exit 1
fi
if is_yes "$ETCD_START_FROM_SNAPSHOT" && [ ! -f "$ETCD_INIT_SNAPSHOTS_DIR/${ETCD_INIT_SNAPSHOT_FILENAME:-}" ]; then
  say "ERROR ==> There is no snapshot to start from in $ETCD_INIT_SNAPSHOTS_DIR."
  exit 1
fi

# For root only: the account that etcd is to run as.
if [ "$(id -u)" = 0 ]; then
  grep -q "^$ETCD_DAEMON_GROUP:" /etc/group || echo "$ETCD_DAEMON_GROUP:x:1000:" >>/etc/group
  grep -q "^$ETCD_DAEMON_USER:" /etc/passwd || echo "$ETCD_DAEMON_USER:x:1000:1000::/:/bin/sh" >>/etc/passwd
fi

# Settings go into a file only if there are any by that name. The image has no folder for it.
env | grep '^ETCD_CFG_' | while IFS='=' read -r name value; do
  [ -n "$value" ] || continue
  key=$(echo "${name#ETCD_CFG_}" | tr 'A-Z_' 'a-z-')
  echo "$key: $value" >>"$ETCD_CONF_FILE"
done

is_empty() {
  [ ! -e "$1" ] || [ -z "$(ls -A "$1" | grep -v -x -e lost+found -e .snapshot)" ]
}

# How many addresses a name has.
addresses() {
  nslookup "$1" 2>/dev/null | awk '/^Name/ {found = 1} found && /^Address/ {print $NF}' | sort -u | wc -l
}

wait_for_addresses() {
  tries=0
  while [ "$(addresses "$1")" -ne "$2" ]; do
    tries=$((tries + 1))
    if [ $tries -ge 12 ]; then
      say "ERROR ==> Headless service domain does not have an IP per initial member in the cluster"
      exit 1
    fi
    sleep 5
  done
}

add_self() {
  others=$(echo "$ETCD_INITIAL_CLUSTER" | tr ',;' '\n\n' | sed 's/^[^=]*=//; s/:2380$/:2379/' | grep -v "//$ETCD_NAME\." || true)
  active=
  for endpoint in $others; do
    if etcdctl endpoint health --endpoints="$endpoint" >/dev/null 2>&1; then active=${active:+$active,}$endpoint; fi
  done
  if [ -z "$active" ]; then
    say "ERROR ==> No active endpoints in cluster, wait 10s, and restart the pod"
    sleep 10
    exit 1
  fi
  if ! etcdctl --endpoints="$active" member list | grep -q -w "$ETCD_INITIAL_ADVERTISE_PEER_URLS"; then
    mkdir -p "$ETCD_DATA_DIR"
    until etcdctl member add "$ETCD_NAME" --endpoints="$active" --peer-urls="$ETCD_INITIAL_ADVERTISE_PEER_URLS" |
      grep '^ETCD_' | sed 's/^/export /' >"$ETCD_NEW_MEMBERS_ENV_FILE"; do
      sleep 10
    done
  fi
}

if ! is_empty "$ETCD_DATA_DIR"; then
  say "INFO  ==> Detected data from previous deployments"
  [ "$(stat -c %a "$ETCD_DATA_DIR")" = 700 ] || chmod -R 700 "$ETCD_DATA_DIR" || true
  exit 0
fi
say "INFO  ==> There is no data from previous deployments"
members=$(echo "$ETCD_INITIAL_CLUSTER" | tr ',;' '\n\n' | grep -c . || true)
[ "$members" -gt 1 ] || exit 0
case "$ETCD_INITIAL_CLUSTER_STATE $ETCD_INITIAL_CLUSTER" in
  new\ *"$ETCD_INITIAL_ADVERTISE_PEER_URLS"*)
    if is_yes "$ETCD_ON_K8S"; then
      host=${ETCD_INITIAL_ADVERTISE_PEER_URLS#*://}
      host=${host%%:*}
      wait_for_addresses "${ETCD_CLUSTER_DOMAIN:-${host#"$ETCD_NAME".}}" "$members"
    fi
    ;;
  *) add_self ;;
esac
