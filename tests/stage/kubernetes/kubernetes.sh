# k8s.io/kubernetes replaces 31 modules by folders of its own, so `go install` refuses it: a module of our own
# (go.mod, go.sum and tools.go are beside this script) names the published modules instead.
export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags="$flags -X $package.gitVersion=v$VERSION -X $package.gitMajor=1 -X $package.gitMinor=34 -X $package.gitTreeState=clean"
done
mkdir -p "$OUT/bin"
for command in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl; do
  go build -ldflags "$flags" -o "$OUT/bin/" k8s.io/kubernetes/cmd/$command
done
# The real pause program, out of the same module.
pause=$(go list -m -f '{{.Dir}}' k8s.io/kubernetes)/build/pause/linux/pause.c
cc -Os -Wall -static -DVERSION="$VERSION" -o "$OUT/bin/pause" "$pause"
