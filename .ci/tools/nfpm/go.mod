// Pins a tool that .ci/tool builds, and everything that it is made of.
module tools

go 1.26.0

require github.com/goreleaser/nfpm/v2 v2.45.1
