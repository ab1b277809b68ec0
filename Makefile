# make demo   fetch the prebuilt DuckDB, build once, run the quarterly drill
# make test   every test
# make build  target/release/drill
# make fuzz   100,000 mutated files against the loader
# make kills  300 kills at random moments of ingest and retention
# make oracle 20 full-length series against promtool (package prometheus)
# make bench  the benchmarks of benches/
# make lint   formatting, clippy, documentation

target := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
export DUCKDB_LIB_DIR := $(target)/duckdb-1.5.6
flags := --release --no-default-features --locked

.PHONY: demo test build fuzz kills oracle bench lint duckdb

demo: build
	@$(target)/release/drill run quarterly-outage

build: duckdb
	@cargo build $(flags) --bin drill

test: duckdb
	cargo test $(flags)

fuzz: duckdb
	DRILL_MUTATIONS=100000 cargo test $(flags) --test it no_mutation -- --nocapture

kills: duckdb
	DRILL_KILLS=300 cargo test $(flags) --test it kills_lose -- --nocapture

oracle: duckdb
	DRILL_ORACLE=1 cargo test $(flags) --test it slo_promtool -- --nocapture

bench: duckdb
	cargo bench --no-default-features --locked

lint: duckdb
	cargo fmt --check
	cargo clippy $(flags) --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc $(flags) --no-deps --document-private-items

duckdb:
	@scripts/duckdb.sh $(DUCKDB_LIB_DIR)
