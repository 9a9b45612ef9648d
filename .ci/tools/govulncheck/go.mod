// Pins a tool that .ci/tool builds, and everything that it is made of.
module tools

go 1.26.0

require golang.org/x/vuln v1.8.0
