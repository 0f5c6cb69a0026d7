# The stage's own text for the official image's script of this name: what is set in the end, whatever a pod says.
export ETCD_BASE_DIR=/opt/bitnami/etcd
export ETCD_VOLUME_DIR=/bitnami/etcd
export ETCD_DATA_DIR=$ETCD_VOLUME_DIR/data
export ETCD_CONF_FILE=$ETCD_BASE_DIR/conf/etcd.yaml
export ETCD_NEW_MEMBERS_ENV_FILE=$ETCD_DATA_DIR/new_member_envs
export ETCD_INIT_SNAPSHOTS_DIR=${ETCD_INIT_SNAPSHOTS_DIR:-/init-snapshot}
export ETCD_DAEMON_USER=etcd ETCD_DAEMON_GROUP=etcd
export PATH=$ETCD_BASE_DIR/bin:$PATH
export ALLOW_NONE_AUTHENTICATION=${ALLOW_NONE_AUTHENTICATION:-no}
export ETCD_ROOT_PASSWORD=${ETCD_ROOT_PASSWORD:-}
export ETCD_CLUSTER_DOMAIN=${ETCD_CLUSTER_DOMAIN:-}
export ETCD_START_FROM_SNAPSHOT=${ETCD_START_FROM_SNAPSHOT:-no}
export ETCD_ON_K8S=${ETCD_ON_K8S:-no}
export ETCD_NAME=${ETCD_NAME:-}
export ETCD_LISTEN_CLIENT_URLS=${ETCD_LISTEN_CLIENT_URLS:-http://0.0.0.0:2379}
export ETCD_ADVERTISE_CLIENT_URLS=${ETCD_ADVERTISE_CLIENT_URLS:-http://127.0.0.1:2379}
export ETCD_INITIAL_CLUSTER=${ETCD_INITIAL_CLUSTER:-}
export ETCD_INITIAL_CLUSTER_STATE=${ETCD_INITIAL_CLUSTER_STATE:-}
export ETCD_LISTEN_PEER_URLS=${ETCD_LISTEN_PEER_URLS:-}
export ETCD_INITIAL_ADVERTISE_PEER_URLS=${ETCD_INITIAL_ADVERTISE_PEER_URLS:-}

say() {
  echo "etcd $*" >&2
}

is_yes() {
  case "$1" in 1 | [yY] | [yY][eE][sS] | [tT][rR][uU][eE]) true ;; *) false ;; esac
}
