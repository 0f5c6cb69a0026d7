# Tools out of Debian packages, unpacked into the cache: nothing is installed, no service starts.
packages="busybox-static ca-certificates containerd containernetworking-plugins etcd-client etcd-server iptables iproute2
  libbpf1 libbsd0 libc6 libcap2 libdb5.3 libelf1 libip4tc2 libip6tc2 libjemalloc2 libmd0 libmnl0 libnetfilter-conntrack3 libnfnetlink0
  libnftnl11 libseccomp2 libtirpc3 libxtables12 runc tini zlib1g"
mkdir -p debs lists/partial aptcache/archives/partial
apt="apt-get -q -o APT::Sandbox::User=root -o Dir::Cache=$PWD/aptcache"
# The machine's package lists may be missing or old; then lists of our own are fetched.
(cd debs && $apt download $packages) || {
  apt="$apt -o Dir::State::lists=$PWD/lists"
  $apt update || true
  (cd debs && $apt download $packages)
}
for deb in debs/*.deb; do
  case $deb in debs/libc6_*) into=libc ;; *) into=root ;; esac
  dpkg-deb -x "$deb" $into
done

mkdir -p "$OUT/bin" "$OUT/lib" "$OUT/libc"
for program in bin/busybox usr/bin/containerd usr/bin/containerd-shim-runc-v2 usr/bin/ctr usr/bin/etcd usr/bin/etcdctl usr/bin/tini \
  usr/sbin/runc usr/sbin/xtables-nft-multi usr/sbin/xtables-legacy-multi; do
  cp -L root/$program "$OUT/bin/"
done
cp -L root/bin/ip "$OUT/bin/" || cp -L root/usr/bin/ip "$OUT/bin/"
# What Debian's alternatives would link; they run when a package is installed, and these are not.
for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
  ln -s xtables-nft-multi "$OUT/bin/$name"
done
triplet=$(uname -m)-linux-gnu
for folder in root/usr/lib/$triplet root/lib/$triplet; do
  if [ -d $folder ]; then find $folder -maxdepth 1 -name '*.so*' -exec cp -a {} "$OUT/lib/" \; ; fi
done
cp -a root/usr/lib/$triplet/xtables "$OUT/xtables"
cp -a root/usr/lib/cni "$OUT/cni"
# The C library that programs in images link to, and the certificates they trust.
for library in libc.so.6 libdl.so.2 libm.so.6 libpthread.so.0 librt.so.1; do
  cp -L $(find libc -name $library -path "*$triplet*" | head -n 1) "$OUT/libc/"
done
cp -L $(find libc -name 'ld-linux-*.so.*' -path "*$triplet*" | head -n 1) "$OUT/libc/"
cat root/usr/share/ca-certificates/mozilla/*.crt > "$OUT/ca-certificates.crt"
