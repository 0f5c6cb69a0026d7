# A containerd root folder with all images imported and unpacked, so that a run starts with them in place.
# It runs in namespaces of its own: the unpacking mounts, and the kernel ends what is left of it.
export PATH="$DEBIAN/bin:$PATH" LD_LIBRARY_PATH="$DEBIAN/lib"
cat > containerd.toml <<TOML
version = 2
root = "$OUT/root"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
TOML
cat > import.sh <<'SH'
mount -t tmpfs tmpfs /run
mkdir /run/containerd
containerd -c containerd.toml > containerd.log 2>&1 &
tries=0
until ctr version > /dev/null 2>&1; do
  tries=$((tries + 1)); [ $tries -lt 200 ] || { cat containerd.log; exit 1; }
  sleep 0.05
done
for archive in $IMAGES; do ctr -n k8s.io images import "$archive"; done
kill $!
wait $! || true
SH
exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- /bin/sh -eux import.sh
