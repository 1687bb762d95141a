# The two commands are `make demo` and `make check`; each works alone and first on a Debian 12 that
# has git and make. Everything that they make is in build/.
#
#   demo         PostgreSQL, Solr and daas-indexer with real data, left running
#   demo-stop    ends the demo; its data stays      demo-clean  and removes its data
#   demo-env     with -s: shell assignments for scripts, with a fresh token
#   check        builds and runs every test; needs no demo, works beside one
#   all          builds the extension and the daemon
#   bench-load bench-stream bench-capture bench-outbox bench-fresh bench-join bench-memory bench-reads
#                the speed that docs/performance.md claims, measured; minutes each, on a quiet machine
#   bench-tokens what a token check costs, of each algorithm; seconds
#   fuzz         libFuzzer on what reads bytes from outside; SECONDS=60 for each target
#   sanitize     unit tests under the address, undefined-behaviour and thread sanitizers
#   faults N=100 SEED=…
#                kills and breaks everything N times beside random writes, and counts what is lost;
#                CAPTURE=pgoutput or notify: by another way to hear of changes
#   fuzz-models MODELS=200 TXNS=10000 SEED=…
#                random models over random tables beside random transactions: every visible state is held
#                against its query at the state's snapshot
#   fuzz-reads REQUESTS=5000 SEED=…
#                random requests, each held against the SQL that it means
#   fuzz-scope REQUESTS=3000 SEED=…
#                random requests, an attack corpus and hostile tokens: no byte of an answer depends on rows of
#                other scopes
#   test-clients the real clients of PostgREST, from their registries, against the real stack
#   test-schema  schemathesis against the real stack: all that its OpenAPI document describes, and what it excludes
#   test-docs    the page at /docs in a real Chromium, against the real stack
#   lint         rules of the source tree that no compiler checks
#   install      extension into the machine's PostgreSQL, daemon and systemd unit into PREFIX;
#                honours DESTDIR
#   packages     installs the missing ones of packages.txt

PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
BUILD = build
STAGE = $(CURDIR)/$(BUILD)/stage
INDEXER = $(BUILD)/cmake/indexer/daas-indexer
VENV = $(BUILD)/venv
PG_CONFIG ?= /usr/lib/postgresql/15/bin/pg_config

all: extension indexer

packages:
	@embedded/install_packages

# Out of the source tree, so that builds for several servers don't meet.
EXTENSION_MAKE = +@mkdir -p $(BUILD)/extension && $(MAKE) -C $(BUILD)/extension -f $(CURDIR)/extension/Makefile \
	--no-print-directory PG_CONFIG=$(PG_CONFIG)

extension: packages
	$(EXTENSION_MAKE) -j$(JOBS) all sql-only
	$(EXTENSION_MAKE) install DESTDIR=$(STAGE)

indexer: packages
	@test -e $(BUILD)/cmake/Makefile || cmake -S . -B $(BUILD)/cmake -G "Unix Makefiles" -DCMAKE_BUILD_TYPE=RelWithDebInfo
	@cmake --build $(BUILD)/cmake -j$(JOBS) --target daas-indexer -- --no-print-directory

unit-tests: packages indexer
	@cmake --build $(BUILD)/cmake -j$(JOBS) -- --no-print-directory

solr: packages
	@solr/embedded/start --fetch

venv: packages
	@test $(VENV)/complete -nt test/e2e/requirements.txt || { \
	  /usr/bin/python3 -m venv $(VENV) && \
	  $(VENV)/bin/python -m pip install -q --disable-pip-version-check -r test/e2e/requirements.txt && \
	  touch $(VENV)/complete; }

demo:
	@demo/run

demo-stop:
	@demo/stop

demo-clean:
	@demo/stop --clean

demo-env:
	@demo/env

check:
	@test/check

bench: all solr venv
	@embedded/install_packages bench/packages.txt
	@cmake --build $(BUILD)/cmake -j$(JOBS) --target plain-loader print-plan -- --no-print-directory

bench-load bench-stream bench-capture bench-outbox bench-fresh bench-join bench-memory bench-reads: bench-%: bench
	@$(VENV)/bin/python bench/$*.py

bench-tokens: indexer
	@cmake --build $(BUILD)/cmake -j$(JOBS) --target token-check -- --no-print-directory
	@$(BUILD)/cmake/bench/token-check

faults: all solr venv
	@$(VENV)/bin/python test/faults/run.py "$(N)" "$(SEED)"

fuzz-models: all solr venv
	@$(VENV)/bin/python test/models/run.py $(if $(MODELS),--models $(MODELS)) $(if $(TXNS),--transactions $(TXNS)) \
	  $(if $(SEED),--seed $(SEED))

fuzz-reads: all solr venv
	@$(VENV)/bin/python test/reads/run.py $(if $(REQUESTS),--requests $(REQUESTS)) $(if $(SEED),--seed $(SEED))

fuzz-scope: all solr venv
	@$(VENV)/bin/python test/scope/run.py $(if $(REQUESTS),--requests $(REQUESTS)) $(if $(SEED),--seed $(SEED))

test-clients: all solr venv
	@command -v node >/dev/null && command -v npm >/dev/null || embedded/install_packages test/clients/packages.txt
	@mkdir -p $(BUILD)/clients && cp test/clients/package.json $(BUILD)/clients/
	@cd $(BUILD)/clients && npm install --silent --no-audit --no-fund --no-package-lock
	@$(VENV)/bin/python -m pip install -q --disable-pip-version-check -r test/clients/requirements.txt
	@$(VENV)/bin/python test/clients/run.py $(BUILD)/clients

test-schema: all solr venv
	@$(VENV)/bin/python -m pip install -q --disable-pip-version-check -r test/schema/requirements.txt
	@SEED=$(SEED) EXAMPLES=$(EXAMPLES) $(VENV)/bin/python test/schema/run.py

test-docs: all solr venv
	@embedded/install_packages test/docs/packages.txt
	@$(VENV)/bin/python -m pip install -q --disable-pip-version-check -r test/docs/requirements.txt
	@$(VENV)/bin/python test/docs/run.py

lint:
	@test/lint

fuzz-targets: packages
	@JOBS=$(JOBS) test/fuzz/build

SECONDS ?= 60
fuzz: fuzz-targets
	@test/fuzz/run $(SECONDS)

sanitize: packages
	@JOBS=$(JOBS) test/sanitize

install: all
	$(EXTENSION_MAKE) install $(if $(DESTDIR),DESTDIR=$(abspath $(DESTDIR)))
	install -D -m 755 $(INDEXER) $(DESTDIR)$(PREFIX)/bin/daas-indexer
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -D -m 644 $(BUILD)/extension/daas--sql-only.sql $(DESTDIR)$(PREFIX)/share/daas/daas--sql-only.sql
	install -D -m 644 docs/operations.md $(DESTDIR)$(PREFIX)/share/doc/daas/operations.md
	sed 's|@PREFIX@|$(PREFIX)|g' deploy/daas-indexer.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/daas-indexer.service

clean:
	@test ! -e $(BUILD)/demo || demo/stop --clean
	rm -rf $(BUILD)

.PHONY: faults fuzz fuzz-models fuzz-reads fuzz-scope test-clients test-schema test-docs fuzz-targets sanitize bench bench-load bench-stream bench-capture bench-outbox bench-fresh bench-join bench-memory bench-reads bench-tokens all packages extension indexer unit-tests solr venv demo demo-stop demo-clean demo-env check lint install clean
