# Completes a bill of materials that cyclonedx-gomod has written, for .ci/package.
# $was is "@VERSION?" as in its names, $version that of FyneApp.toml, $name the program, and $mingw the
# version of the C code that the compiler adds on Windows, or empty.

# The tool takes the version from git.
walk(if type == "string" then split($was) | join("@v" + $version + "?") else . end)
| .metadata.component.version = "v" + $version
| .metadata.component.properties += [{name: "ers-login:program", value: $name}]
# Go has one licence, which the tool does not detect.
| .components |= map(if .name == "std" then .licenses = [{license: {id: "BSD-3-Clause"}}] else . end)
# Corrections by the LICENSE files where the tool confuses two licences, or finds one of two.
| .components |= map(
    if .name | startswith("golang.org/x/") then .evidence.licenses = [{license: {id: "BSD-3-Clause"}}]
    elif .name == "github.com/jezek/xgb" then .evidence.licenses = [{expression: "BSD-3-Clause AND WTFPL"}]
    elif .name == "github.com/nfnt/resize" then .evidence.licenses = [{license: {id: "ISC"}}]
    elif .name | startswith("github.com/go-text/") then
      .evidence.licenses = [{expression: "Unlicense OR BSD-3-Clause"}]
    else . end)
# The tool is identified by name and version. Its digest would differ with each build of it.
| del(.metadata.tools[]?.hashes)
| if $mingw == "" then . else .components += [{
    "bom-ref": "mingw-w64", type: "library", name: "mingw-w64", version: $mingw, scope: "required",
    description: "start-up code and C library of the compiler", licenses: [{license: {id: "ZPL-2.1"}}]
  }] end
