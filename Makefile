# The commands of daily work. `make run` serves, `make test` proves.

CARGO ?= cargo
PYTHON ?= python3
NPM ?= npm
VENV := target/compat
BROWSER := target/browser

.PHONY: run test check docs compat browser fuzz fuzz-keep bench bench-logins bench-flush bench-rotations

# Builds the service and serves on the settings of config.toml.
run:
	$(CARGO) run --locked --release -- serve

# Everything on SQLite, then whatever has a database behind it on a private PostgreSQL, which is
# installed where it is missing. Tests of one engine alone are in modules named for it; those of
# PostgreSQL are ignored where nobody asks for them.
test:
	$(CARGO) test --locked
	tests/postgres.sh $(CARGO) test --locked --test it -- --include-ignored --skip sqlite::

# Form, lints and documentation.
check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items

# config.toml and the reference of settings, from the settings' own documentation.
docs:
	$(CARGO) build --locked
	$(CARGO) run --locked --quiet -- config reference > docs/reference/settings.md
	$(CARGO) run --locked --quiet -- config reference --toml > config.toml

# Beside a real Django with Ninja JWT, on one database of either engine, beside other libraries, and
# under kills and on disks that fail.
compat: $(VENV)/installed $(VENV)/node/installed
	$(CARGO) build --locked
	TEGATA=$${CARGO_TARGET_DIR:-target}/debug/tegata tests/postgres.sh $(VENV)/bin/python -m pytest -q -p no:cacheprovider tests/compat

# Each target of fuzz/ for FUZZ_SECONDS; `make fuzz-keep` takes into its corpus what reached something
# new.
fuzz:
	fuzz/run.sh

fuzz-keep:
	fuzz/run.sh --keep

$(VENV)/installed: tests/compat/requirements.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement $<
	touch $@

# After the virtual environment, which is made in an emptied folder.
NODE := $(addprefix tests/compat/node/,answer.mjs issuer.mjs jose.mjs package.json package-lock.json)
$(VENV)/node/installed: $(NODE) $(VENV)/installed
	mkdir -p $(@D)
	cp $(NODE) $(@D)
	$(NPM) ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

# The page at /api/docs in a real browser, which is installed where it is missing.
browser: $(BROWSER)/installed
	$(CARGO) build --locked
	TEGATA=$${CARGO_TARGET_DIR:-target}/debug/tegata tests/chromium.sh $(BROWSER)/bin/python -m pytest -q -p no:cacheprovider tests/browser

$(BROWSER)/installed: tests/browser/requirements.txt
	$(PYTHON) -m venv --clear $(BROWSER)
	$(BROWSER)/bin/python -m pip install --quiet --requirement $<
	touch $@

# What requests take beside the least that they could, and tokens beside their primitives: writes
# benches/report.md. ROUNDS="--rounds 3 --seconds 2" is sooner done.
bench:
	$(CARGO) build --locked --release
	$(CARGO) build --locked --release --package echo
	$(CARGO) bench --locked --package tegata-jwt --features jwks --bench tokens
	$(PYTHON) benches/endpoints.py $(ROUNDS)

# What logins cost, tell and take from the rest.
bench-logins:
	$(CARGO) build --locked --release
	$(PYTHON) benches/logins.py

# How long a flush of a million tokens takes, and what a service beside it feels.
bench-flush:
	$(CARGO) build --locked --release
	$(PYTHON) benches/flush.py

# What a rotation takes on PostgreSQL beside its bare transaction, and how soon all nodes know of a
# revocation. Needs wrk.
bench-rotations:
	$(CARGO) build --locked --release
	$(PYTHON) benches/rotations.py
