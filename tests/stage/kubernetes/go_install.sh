# A Go program whose module can be installed by name.
export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false" GOBIN="$OUT/bin"
go install -ldflags "-s -w" "$MODULE@v$VERSION"
