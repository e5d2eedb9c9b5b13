# What people type here. `make` alone explains itself.

# A recipe that fails in the middle fails as a whole.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# Each recipe starts with scripts/need.sh: what the machine lacks is named before anything else runs.

CARGO ?= cargo
# What Rust builds for here.
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
# The images; the pipeline's is beside the server's and has the same tag.
export CONTAINER_TOOL ?= docker
IMG ?= azure-blob-eventsource:$(shell sed -n '/^version = /{s/.*"\(.*\)"/\1/p;q;}' Cargo.toml)
PIPELINE_IMG ?= $(patsubst ./%,%,$(dir $(IMG)))ml-pipeline$(patsubst %,:%,$(word 2,$(subst :, ,$(notdir $(IMG)))))
# Where `make install` puts things; DESTDIR goes before it, for packages.
PREFIX ?= /usr/local
DESTDIR ?=
# What `--version` says of the build, for images: they are built without the repository.
BUILD_ARGS = --build-arg BUILD_COMMIT=$(shell git rev-parse HEAD 2>/dev/null) \
	--build-arg SOURCE_DATE_EPOCH=$(shell git log -1 --format=%ct 2>/dev/null)
# What `make release-manifests` renders.
OVERLAY ?= manifests/quick-start
# More arguments for `make run`, `make test`, `make attack`, `make e2e`, `make bench`, `make docker-build`: make run ARGS='--log debug'
ARGS ?=

.PHONY: help
help: ## Show the targets
	@echo "azure-blob-eventsource: one event for each new blob, for Argo Events"
	@echo
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| while IFS='|' read -r target does; do printf '%-23s %s\n' "$$target" "$$does"; done
	@echo
	@echo "ARGS='...' is passed on by run, test, attack, e2e, docker-build and both benches; CARGO_BUILD_JOBS=2 bounds what cargo does at once."

.PHONY: demo
demo: ## See it work here: two uploads, a SIGKILL between them, two events, a model (Rust and Node)
	@scripts/need.sh rust node
	@BUILD='$(RUN_PROGRAMS)' scripts/demo.sh

.PHONY: build
build: pipeline ## Build the programs to deploy: target/release/azure-blob-eventsource, and the pipeline
	@scripts/need.sh rust
	$(CARGO) build --locked --release --package azure-blob-eventsource

.PHONY: install
install: ## Build the program and install it with manual pages and completions: PREFIX=/usr/local, DESTDIR=
	@scripts/need.sh rust
	@CARGO=$(CARGO) scripts/install.sh '$(DESTDIR)$(PREFIX)'

.PHONY: pipeline
pipeline: ## Build the pipeline alone, as one static program: target/HOST/release/ml-pipeline
	@scripts/need.sh rust
	@CARGO=$(CARGO) scripts/build-pipeline.sh

# All programs at once, as `make demo` and `make e2e` build them: another selection of packages has other features, and would
# compile most dependencies again.
PROGRAMS = $(CARGO) build --locked --workspace --bins
DEBUG = $$(realpath "$${CARGO_TARGET_DIR:-target}")/debug
# The profile of what only has to run: `quick` takes the least time to build, and `dev` is that of the tests.
PROFILE ?= quick
RUN_PROGRAMS = $(PROGRAMS) --profile $(PROFILE)$(if $(filter quick,$(PROFILE)), --no-default-features)
BUILT = $$(realpath "$${CARGO_TARGET_DIR:-target}")/$(patsubst dev,debug,$(PROFILE))

.PHONY: run
run: ## Serve on loopback with examples/credentials: gRPC on 50051, status page on 9090
	@scripts/need.sh rust
	@$(RUN_PROGRAMS)
	@AZURE_BLOB_EVENTSOURCE_LISTEN="$${AZURE_BLOB_EVENTSOURCE_LISTEN-127.0.0.1:50051}" \
	AZURE_BLOB_EVENTSOURCE_ADMIN_LISTEN="$${AZURE_BLOB_EVENTSOURCE_ADMIN_LISTEN-127.0.0.1:9090}" \
	AZURE_BLOB_EVENTSOURCE_CREDENTIALS_DIR="$${AZURE_BLOB_EVENTSOURCE_CREDENTIALS_DIR-examples/credentials}" \
	"$(BUILT)/azure-blob-eventsource" serve $(ARGS)

.PHONY: azurite
azurite: ## Run the storage account that examples/source.yaml and source-queue.yaml name, until Ctrl-C
	@scripts/need.sh rust node
	@$(RUN_PROGRAMS)
	@"$(BUILT)/azurite" --queue dataset-events datasets eventsource-state

.PHONY: test
test: ## Run all tests; they need no network and no account, but for Azurite's first install
	@scripts/need.sh rust node
	$(CARGO) test --locked --workspace $(ARGS)

.PHONY: instructions
instructions: ## Compare what each blob costs, in instructions, with tests/instructions/figures.json (Valgrind); WRITE=1 writes it
	@scripts/need.sh rust valgrind
	INSTRUCTIONS=1 $(if $(WRITE),WRITE_INSTRUCTIONS=1) CARGO_INCREMENTAL=0 $(CARGO) test --locked --workspace --test instructions -- --nocapture

.PHONY: attack
attack: ## Attack the release binary over loopback, and print the results
	@scripts/need.sh rust node
	$(CARGO) test --locked --release --package azure-blob-eventsource --test binary -- _storage::
	ATTACK=full $(CARGO) test --locked --release --package azure-blob-eventsource --test attack -- --nocapture --test-threads=1 $(ARGS)

SOAK_SECONDS ?= 3600

.PHONY: soak
soak: ## Let the release binary work for an hour (or SOAK_SECONDS) while one of a hundred calls to storage fails
	@scripts/need.sh rust
	SOAK_SECONDS=$(SOAK_SECONDS) $(CARGO) test --locked --release --package azure-blob-eventsource --test attack -- --nocapture soak

# The profile in which `make e2e` builds the programs that it runs.
E2E_PROFILE ?= dev

.PHONY: e2e
e2e: ## Try the product on a real cluster: KUBECONFIG's, or that of the folder E2E_CLUSTER; ARGS=--list
	@scripts/need.sh rust
	$(PROGRAMS) --profile $(E2E_PROFILE)
	@CARGO_MANIFEST_DIR=$(CURDIR)/e2e "$$(realpath "$${CARGO_TARGET_DIR:-target}")/$(patsubst dev,debug,$(E2E_PROFILE))/e2e" $(ARGS)

.PHONY: bench
bench: ## Measure throughput, latency and memory (docs/benchmarks.md)
	@scripts/need.sh rust
	$(CARGO) bench --locked $(ARGS)

.PHONY: verify-pipeline
verify-pipeline: ## Prove the pipeline's models with onnxruntime and scikit-learn (Python); ARGS="--every 5" for a part of the real datasets
	@scripts/need.sh rust python
	$(PROGRAMS)
	scripts/pipeline-python.sh verify.py "$(DEBUG)/ml-pipeline"
	scripts/pipeline-python.sh verify_real.py "$(DEBUG)/ml-pipeline" $(ARGS)

.PHONY: bench-pipeline
bench-pipeline: pipeline ## Measure the pipeline against the same steps in Python
	@scripts/need.sh rust python
	scripts/pipeline-python.sh bench.py "$$(realpath "$${CARGO_TARGET_DIR:-target}")/$(HOST)/release/ml-pipeline" $(ARGS)

.PHONY: fuzz-pipeline
fuzz-pipeline: ## Feed the pipeline's readers with random data, for a minute or ARGS seconds
	@scripts/need.sh rust
	scripts/fuzz-pipeline.sh $(ARGS)

.PHONY: fuzz
fuzz: ## Feed each reader of external input with random data, for a minute or FUZZ_SECONDS
	@scripts/need.sh rust
	FUZZ_SECONDS=$${FUZZ_SECONDS-60} $(CARGO) test --locked --workspace --test fuzz -- --nocapture --test-threads=6

.PHONY: test-monitoring
test-monitoring: ## Try the alerts and the dashboard of manifests/components/monitoring with promtool
	scripts/monitoring-test.sh

.PHONY: chart
chart: ## Write the generated parts of the Helm chart: copies of manifests, the table in its README, the schema of an event (Python)
	@scripts/need.sh python
	@scripts/chart-test.sh --write

.PHONY: schema
schema: ## Write schema/source.schema.json, the JSON Schema of a configuration, as the code has it
	@scripts/need.sh rust
	WRITE_SCHEMA=1 $(CARGO) test --locked --workspace --lib -- schema::file::the_file_is_what_the_code_says

.PHONY: test-chart
test-chart: ## Compare the Helm chart with the manifests, object by object (Python, kubectl; installs helm)
	@scripts/need.sh python kubectl
	@scripts/chart-test.sh

.PHONY: test-page
test-page: ## Look at the status page in headless Chromium; with PAGE_IMAGES=FOLDER leave images there
	@scripts/need.sh rust node chromium
	scripts/page-test.sh

.PHONY: test-azure-setup
test-azure-setup: ## Test scripts/azure-setup.sh with the real Azure CLI and Azurite (Python and Node)
	@scripts/need.sh python node shellcheck
	scripts/azure-setup-test.sh

.PHONY: test-feed
test-feed: ## Let Microsoft's own reader read the change feed that testkit writes, and compare what it sees with what we see
	@scripts/need.sh rust python
	$(PROGRAMS)
	scripts/feed-test.sh "$(DEBUG)/fake-feed"

# The other image's name follows from this one, so it must be one, with a tag.
.PHONY: check-img
check-img:
	@[[ '$(IMG)' =~ ^[a-z0-9._-]+(:[0-9]+)?(/[a-z0-9._-]+)*:[A-Za-z0-9_][A-Za-z0-9._-]*$$ ]] \
		|| { echo "IMG is '$(IMG)', and should be an image with a tag: registry.example.com/azure-blob-eventsource:0.1.0" >&2; exit 2; }

.PHONY: docker-build
docker-build: check-img ## Build both images: IMG=REGISTRY/azure-blob-eventsource:TAG, CONTAINER_TOOL=docker, podman or buildah
	@scripts/need.sh container-tool
	$(CONTAINER_TOOL) build --target server --tag $(IMG) $(BUILD_ARGS) $(ARGS) .
	$(CONTAINER_TOOL) build --target pipeline --tag $(PIPELINE_IMG) $(ARGS) .

.PHONY: docker-push
docker-push: check-img ## Push both images
	@[[ '$(IMG)' == */* ]] || { echo "where to? IMG=registry.example.com/azure-blob-eventsource:0.1.0" >&2; exit 2; }
	@scripts/need.sh container-tool
	$(CONTAINER_TOOL) push $(IMG)
	$(CONTAINER_TOOL) push $(PIPELINE_IMG)

.PHONY: release-manifests
release-manifests: ## Print the manifests of OVERLAY with each image by digest: IMG=REGISTRY/azure-blob-eventsource:TAG
	@scripts/need.sh kubectl
	@[[ '$(IMG)' != *@* || '$(PIPELINE_IMG)' == *@* ]] \
		|| { echo "with a digest in IMG, give PIPELINE_IMG=NAME@sha256:… as well" >&2; exit 2; }
	@scripts/release.sh manifests $(OVERLAY) $(IMG) $(PIPELINE_IMG) $(ARGS)

# Where `make release-files` writes.
RELEASE_DIR ?= target/release-files

.PHONY: release-files
release-files: ## Write install.yaml, quick-start.yaml and the packed chart, each image by digest: IMG=…, RELEASE_DIR=…
	@scripts/need.sh kubectl
	@[[ '$(IMG)' != *@* || '$(PIPELINE_IMG)' == *@* ]] \
		|| { echo "with a digest in IMG, give PIPELINE_IMG=NAME@sha256:… as well" >&2; exit 2; }
	@scripts/release.sh files $(RELEASE_DIR) $(IMG) $(PIPELINE_IMG) $(ARGS)

.PHONY: test-release
test-release: ## Try scripts/release.sh, with a fake registry
	@scripts/need.sh kubectl
	@scripts/release-test.sh

.PHONY: fmt
fmt: ## Format the code
	@scripts/need.sh rust fmt
	$(CARGO) fmt --all

.PHONY: lint
lint: ## Check format, clippy, the code's documentation, shell scripts and docs/, as the CI does
	@scripts/need.sh rust fmt clippy shellcheck node
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items
	shellcheck scripts/*.sh .ci/run
	@$(MAKE) --no-print-directory check-docs

.PHONY: check-docs
check-docs: ## Check the documentation: links, words, and whether its commands and YAML can be read
	@scripts/need.sh node
	node scripts/docs/links.mjs
	node scripts/docs/words.mjs
	node scripts/docs/snippets.mjs

.PHONY: site
site: ## Build the documentation as a site, target/site, and check its links (Python and Node)
	@scripts/need.sh python node
	scripts/site.sh

.PHONY: lint-workflows
lint-workflows: ## Check the workflows in .github (installs actionlint)
	@scripts/need.sh shellcheck
	@scripts/lint-workflows.sh

.PHONY: check-deps
check-deps: ## Check the dependencies' licences, sources, advisories and needs of Rust (installs cargo-deny)
	@scripts/need.sh rust node
	scripts/check-deps.sh

# Where `make sbom` writes.
SBOM_DIR ?= target/sbom

.PHONY: sbom
sbom: ## Write the bill of materials of both programs, and the licence texts: SBOM_DIR=…
	@scripts/need.sh rust node
	@scripts/sbom.sh $(SBOM_DIR)

.PHONY: check-reproducible
check-reproducible: ## Build both programs twice, in two directories, and compare them (20 minutes or more)
	@scripts/need.sh rust
	@scripts/check-reproducible.sh

.PHONY: clean
clean: ## Remove all build results, and packages that npm installed
	@scripts/need.sh rust
	$(CARGO) clean
	rm -rf testkit/azurite/node_modules testkit/browser/node_modules
