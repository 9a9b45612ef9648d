# e-RS Login. `make help` lists the targets.
#
# One set of build flags for every target: another set of tags, another -trimpath or other cgo flags make Go compile Fyne's C code
# anew, which takes minutes.

SHELL       := bash
VERSION     := $(shell sed -n 's/^ *Version *= *"\(.*\)"/\1/p' FyneApp.toml)
BUILD       := build
BINARY      := $(BUILD)/ers-login
BRIDGE      := $(BUILD)/ers-login-ticketbridge

export GOFLAGS := -trimpath -tags=accessibility -buildvcs=false
# The race detector would have each process wait for a second at its end.
export GORACE := atexit_sleep_ms=0
GO          := go

MODULE      := $(shell sed -n 's/^module //p' go.mod)
# The packages that link OpenGL, or drive a program that does. All others are tested without it, and with the race detector.
WINDOWED    := $(MODULE)(/internal/(e2e.*|graphics|testing/(desktop|stage)))?
# Those that import Fyne, or a C library for smartcard readers.
FYNE        := $(WINDOWED)|$(MODULE)/(ui.*|assets|internal/app|internal/cli|internal/desktop|internal/docs)
PCSC        := $(MODULE)/smartcard/(pcsc.*|ticketbridge.*)
# A linter, pinned in a module of its own in a folder of .ci/tools.
linter       = $$(CGO_ENABLED=0 $(GO) -C .ci/tools/$(1) tool -n $(2))
# All packages but those of a pattern.
packages     = $$($(GO) list ./... | grep -vE '^($(1))$$')

.DEFAULT_GOAL := help
.PHONY: help run test unit e2e build build-windows lint vet-elsewhere generated bench screens fuzz test-windows test-on-windows test-keyring package package-macos clean setup-build setup-run setup-test setup-windows setup-package

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

run: setup-run build ## open the demonstration; without a display, walk through it under Xvfb and leave pictures in build/
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		exec $(BINARY) demo; \
	else \
		echo "No display: walking through the demonstration under Xvfb."; \
		$(GO) run ./internal/e2e/walkthrough -program $(BINARY) -pictures $(BUILD); \
	fi

test: setup-test unit e2e ## run all tests: unit, race, window (software rendering), end to end (real window, keyring, TLS)

# The packages that take longest begin first. What draws pictures or measures all pages in all sizes, and what counts to hundreds, has -short
# leave it out or count less; it is run without the race detector: the pages below, the counts with the tests from end to end. Most tests
# wait for processes and keyrings rather than compute, so more of them are under way than there are processors.
unit: setup-test
	$(GO) vet ./...
	$(GO) test -race -short -p 4 -parallel 8 -timeout 30m ./internal/cli ./internal/app ./ui $(call packages,$(WINDOWED))
	$(GO) test ./ui

e2e: setup-test build
	$(GO) test -count=1 -timeout 20m -parallel 3 -v ./internal/e2e
	$(GO) test -count=1 -timeout 20m -run '^Test(Soak|NothingLeaks|OneInstance)' ./internal/app ./internal/cli ./internal/keyring
	$(GO) test -count=1 -run '^TestAFleet' -v ./internal/signin

build: setup-build ## build the program and its card-side helper into build/
	@mkdir -p $(BUILD)
	$(GO) build -o $(BINARY) .
	$(GO) build -ldflags '-X main.version=$(VERSION)' -o $(BRIDGE) ./smartcard/ticketbridge

build-windows: setup-windows ## build the Windows program (amd64) and its card-side helper (386) into build/windows/
	@mkdir -p $(BUILD)/windows
	GOOS=windows GOARCH=amd64 CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc CXX=x86_64-w64-mingw32-g++ \
		$(GO) build -ldflags '-H=windowsgui' -o $(BUILD)/windows/ers-login.exe .
	GOOS=windows GOARCH=386 CGO_ENABLED=0 \
		$(GO) build -ldflags '-X main.version=$(VERSION)' -o $(BUILD)/windows/ers-login-ticketbridge.exe ./smartcard/ticketbridge

lint: setup-build vet-elsewhere generated ## run the linters of code and workflow, with the rules of what a package must not import; fails on stale documents
	$(call linter,golangci-lint,golangci-lint) run --allow-parallel-runners ./...
	$(call linter,.,actionlint)

# What needs no C compiler is checked for the other systems too.
vet-elsewhere:
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) vet $(call packages,$(FYNE))
	CGO_ENABLED=0 GOOS=windows GOARCH=386 $(GO) vet ./smartcard/...
	GOFLAGS='-trimpath -buildvcs=false' $(GO) vet -tags=accessibility,windowsrig ./internal/e2e/windows
	CGO_ENABLED=0 GOOS=windows GOFLAGS='-trimpath -buildvcs=false' $(GO) vet -tags=accessibility,windowsrig,ownkeyring ./internal/e2e/windows ./internal/keyring
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) vet $(call packages,$(FYNE)|$(PCSC))

# What go generate writes: references, administrative templates, manual pages, completions.
generated:
	$(GO) run ./internal/docs -check

bench: setup-test ## measure against the performance budget, as ratios to the bare parts
	$(GO) test -run '^$$' -bench . -benchtime 2s $(call packages,$(WINDOWED))
	$(GO) test -run '^$$' -bench Start -benchtime 5x ./internal/e2e
	$(GO) test -run '^$$' -bench Idle -benchtime 3x ./internal/e2e

screens: setup-run build ## draw every screen into build/screens/, by software and from the real window under Xvfb (in window/)
	@mkdir -p $(BUILD)/screens
	ERS_LOGIN_SCREENS=$(CURDIR)/$(BUILD)/screens $(GO) test -count=1 -run '^TestScreens' ./ui
	$(GO) run ./internal/e2e/walkthrough -program $(BINARY) -pictures $(BUILD)/screens/window
	@ls $(BUILD)/screens $(BUILD)/screens/window

fuzz: ## run each fuzz target for FUZZTIME (30s)
	.ci/fuzz $(or $(FUZZTIME),30s)

test-windows: ## test the Windows programs under Wine; makes a Debian with Wine the first time (root or sudo, 3 GB)
	.ci/windows-rig test -test.v

test-on-windows: ## on Windows, as an administrator: test the installer, the registry and the Credential Manager, with what .ci/windows-rig build has left
	ERS_LOGIN_WINDOWS_BUILD='$(CURDIR)/$(BUILD)/windows' $(BUILD)/windows/rig.test.exe -test.v -test.timeout 25m \
		-test.run '^Test(TheInstaller|TheInstallerWithoutProperties|AnUpgradeThatIsToldSomethingElse|ARemovalSignsOut|TheHandoffInTheCredentialManager|TheAliasesInTheCredentialManager|Autostart|TheTicketArrives|EveryReturnCode)$$'

test-keyring: ## on Windows and macOS: test this user's own keyring; what e-RS Login has in it is removed
	GOFLAGS='-trimpath -buildvcs=false' $(GO) test -count=1 -v -tags=accessibility,ownkeyring -run '^TestTheKeyringOfThisComputer$$' ./internal/keyring

package: setup-package ## build all packages that Linux can build into dist/, with checksums and bills of materials
	.ci/package all
	.ci/vulncheck

package-macos: ## build the application, .zip and .pkg for macOS into dist/ (on a Mac)
	@.ci/package-macos

clean: ## remove what was built
	rm -rf $(BUILD) dist

setup-build setup-run setup-test setup-windows setup-package: setup-%:
	@.ci/setup $*
