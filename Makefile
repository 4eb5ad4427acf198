# What a person does here. It takes cargo, Go and a C compiler; everything else is built by those, once.

CARGO ?= cargo
# One set of features for every build, so that nothing is compiled twice.
FEATURES := --features chatwoot-operator/cel
# How many things may go wrong in one run of the explorer.
BOUND ?= 3
# Where cargo puts what it builds, whatever the environment or a configuration says.
TARGET = $(shell $(CARGO) metadata --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

# Tests end to end wait for others most of their time, so more of them run at once than there are cores.
THREADS ?= 6
# Length of the storm of `make soak`.
MINUTES ?= 10

# What an image is built for, how (dev is quicker and bigger), and what container tools call it.
STATIC ?= $(shell uname -m)-unknown-linux-musl
PROFILE ?= release
IMAGE ?=

# Tools of exactly these versions are built or fetched once, into the target folder.
TOOLS = $(TARGET)/tools
DENY := cargo-deny 0.20.2
AUDITABLE := cargo-auditable 0.7.7
CYCLONEDX := auditable2cdx 0.1.0
CHECKOV := 3.3.30
tool = $(TOOLS)/$(subst $() ,-,$(1))/bin/$(firstword $(1))
install = @test -x $(call tool,$(1)) || { $(say) 'Building $(1)'; \
	  $(CARGO) install --quiet --locked --root $(TOOLS)/$(subst $() ,-,$(1)) $(subst $() ,@,$(1)); }

say = printf '\n%s  %s\n' "$$(date +%H:%M:%S)" # a line of progress
.DEFAULT_GOAL := help

##@ Try it
demo: kubernetes ## the operator on a real API server and a simulated Chatwoot, proving itself; KEEP=1 leaves it running
	@$(say) 'Building the operator and the demo'
	@$(CARGO) build $(FEATURES) -p chatwoot-operator -p chatwoot-demo
	@$(TARGET)/debug/chatwoot-demo $(if $(filter-out 0 no false,$(KEEP)),--keep)

control-plane: kubernetes ## a Kubernetes API server with our definitions, to work with; Ctrl-C ends it
	@$(CARGO) build $(FEATURES) -p chatwoot-operator -p chatwoot-demo -p control-plane
	@$(TARGET)/debug/control-plane --crds crds

##@ Work on it
check: rust ## format, lints and unit tests: seconds
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets $(FEATURES) -- -D warnings
	@$(CARGO) test --workspace --lib --bins $(FEATURES)

test: kubernetes ## every test there is, on one real API server
	@$(say) 'Building the tests'
	@$(CARGO) test --workspace $(FEATURES) --no-run
	@$(say) 'Running the tests'
	@RUST_TEST_THREADS=$(THREADS) $(TARGET)/debug/control-plane --for $(CARGO) test --workspace $(FEATURES) --no-fail-fast
	@$(MAKE) --no-print-directory test-namespaced

test-namespaced: kubernetes ## the end-to-end tests once more, with an operator that has Roles in some namespaces only
	@$(say) 'Once more end to end, confined to some namespaces'
	@# The operator keeps a connection for each watch of hundreds of namespaces.
	@ulimit -S -n "$$(ulimit -H -n)" && CHATWOOT_E2E_SCOPE=namespaced RUST_TEST_THREADS=$(THREADS) \
	  $(CARGO) test --workspace $(FEATURES) --test e2e --no-fail-fast -- --skip confined::

soak: kubernetes ## kill the operator before and after every write it makes, then a storm of MINUTES=10
	@$(say) 'Building the tests'
	@$(CARGO) test --workspace $(FEATURES) --test chaos --no-run
	@$(say) 'Every point, and a storm of $(MINUTES) minutes'
	@CHATWOOT_CHAOS=all CHATWOOT_CHAOS_MINUTES=$(MINUTES) \
	  $(CARGO) test --workspace $(FEATURES) --test chaos -- --test-threads=1

ci: kubernetes ## what a change must pass: format, lints, every test, the image
	@$(say) 'Format'
	@$(CARGO) fmt --all --check
	@$(say) 'Lints'
	@$(CARGO) clippy --workspace --all-targets $(FEATURES) -- -D warnings
	@$(MAKE) --no-print-directory test deny scan
	@$(MAKE) --no-print-directory image PROFILE=dev

crds: rust ## write crds/ and the chart's copies anew from the types in src/api
	@$(CARGO) run $(FEATURES) -p chatwoot-operator -- crds --dir crds
	@cp crds/*.yaml charts/chatwoot-operator/files/crds/

docs: rust ## write the generated parts of README.md and docs/reference.md anew
	@UPDATE=1 $(CARGO) test --workspace $(FEATURES) --test readme generated_parts

bench: kubernetes ## measure a release build with 1,000 accounts and 5,000 users; SCALE=10 takes a tenth, ONLY=W4 some
	@$(say) 'Building the operator and the bench, optimised'
	@$(CARGO) build --release -p chatwoot-operator -p chatwoot-bench
	@$(TARGET)/release/chatwoot-bench --json $(TARGET)/bench.json \
	  $(if $(SCALE),--scale $(SCALE)) $(if $(ONLY),--only $(ONLY))

explore: rust ## every state of creating, binding and deleting, deeper than the tests: BOUND=3 things may go wrong at once
	@$(say) 'Building the explorer'
	@$(CARGO) build $(FEATURES) -p chatwoot-operator -p chatwoot-explorer
	@$(TARGET)/debug/explore --bound $(BOUND) $(if $(ONLY),--only $(ONLY))

mutants: kubernetes ## break the operator in one thing at a time, and see that its tests notice; ONLY=grants tries some
	@$(CARGO) build $(FEATURES) -p chatwoot-operator -p control-plane -p chatwoot-mutants
	@$(TARGET)/debug/control-plane --for $(TARGET)/debug/mutants --work $(TARGET)/mutants $(if $(ONLY),--only $(ONLY))

##@ Ship it
image: rust ## an OCI image without a container engine, run once, with its list of parts; IMAGE=repository:tag names it
	$(call install,$(AUDITABLE))
	$(call install,$(CYCLONEDX))
	@rustup target list --installed 2>/dev/null | grep -qx $(STATIC) || rustup target add $(STATIC) || { \
	  echo 'A static binary needs the Rust target $(STATIC); install it with rustup, or as your Rust came' >&2; exit 1; }
	@$(say) 'Building a static operator ($(PROFILE))'
	@CC_$(subst -,_,$(STATIC))="$${CC:-cc}" CFLAGS_$(subst -,_,$(STATIC))=-U_FORTIFY_SOURCE \
	  $(call tool,$(AUDITABLE)) auditable build --locked --profile $(PROFILE) --target $(STATIC) -p chatwoot-operator
	@mkdir -p target/image
	@$(call tool,$(CYCLONEDX)) $(BUILT) > target/image/chatwoot-operator.cdx.json
	@$(CARGO) run --quiet -p chatwoot-image -- --binary $(BUILT) --output target/image/chatwoot-operator.tar \
	  $(if $(IMAGE),--reference $(IMAGE))
BUILT = $(TARGET)/$(STATIC)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/chatwoot-operator

deny: rust ## dependencies: known faults, licences, bans, sources
	$(call install,$(DENY))
	@$(call tool,$(DENY)) --workspace --locked check bans licenses sources
	@if $(call tool,$(DENY)) fetch db 2>/dev/null; then $(call tool,$(DENY)) --workspace --locked check advisories; \
	  else echo 'NOT CHECKED: known faults of dependencies; the advisory database cannot be reached from here'; fi

scan: kubernetes ## the chart and the Dockerfile, by checkov
	@command -v python3 >/dev/null || { \
	  echo 'Python 3.9 or newer is needed for checkov, and there is no python3 on the PATH' >&2; exit 1; }
	@test -x $(TOOLS)/checkov-$(CHECKOV)/bin/checkov || { $(say) 'Fetching checkov $(CHECKOV)'; \
	  python3 -m venv $(TOOLS)/checkov-$(CHECKOV) && $(TOOLS)/checkov-$(CHECKOV)/bin/pip install --quiet checkov==$(CHECKOV); }
	@tests/chart/scan "$$(tests/cluster/control-plane/build)/helm" $(TOOLS)/checkov-$(CHECKOV)/bin/checkov

##@ Once
kubernetes: toolchain ## build the API server and its tools into the user's cache: minutes the first time, then nothing
	@tests/cluster/control-plane/build >/dev/null

clean-cache: ## remove what `make kubernetes` built
	@rm -rf "$${CHATWOOT_OPERATOR_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/chatwoot-operator}"/kubernetes-*

##@ Help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Go is asked for where it is needed, by the build of the control plane.
toolchain: rust
rust:
	@command -v $(CARGO) >/dev/null || { \
	  echo 'Rust 1.89 or newer is needed, and there is no cargo on the PATH; install it from https://rustup.rs' >&2; exit 1; }
	@command -v "$${CC:-cc}" >/dev/null || { \
	  echo "A C compiler is needed (for the TLS library), and there is no $${CC:-cc}; install gcc or clang" >&2; exit 1; }

.PHONY: demo control-plane check test test-namespaced soak explore mutants ci crds docs bench image deny scan kubernetes clean-cache help toolchain rust
