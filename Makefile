# Every target sets itself up. `make demo` and `make test` are the two to know.
BIN := .venv/bin
.PHONY: setup servers attack crash demo demo-real run test test-slow soak load conformance fuzz explore lint accept bench bench-chain bench-rpc bench-cache bench-lists bench-model bench-queue freeze generated errors pages built lock release-check clean

setup:
	@scripts/setup.sh

demo: setup ## generate the shop, start its services, call the seven routes, hold a flash sale, stop them
	@$(BIN)/python scripts/demo.py

demo-real: setup ## the same on MariaDB, Redis, Kafka and etcd, which it starts and stops itself
	@scripts/servers.sh
	@$(BIN)/python scripts/demo_real.py

run: setup ## the same, and leave it up until Ctrl-C
	@$(BIN)/python scripts/demo.py --serve

servers: ## install MariaDB, PostgreSQL, Redis, Kafka and Chromium, where we are root on Debian
	@scripts/servers.sh

test: setup servers ## at most five minutes on two cores, three at once as they wait for a third of the time
	$(BIN)/python -m pytest -n 3 --dist worksteal --durations=20 -m "not slow"

test-slow: setup servers ## what does not fit into make test, three at once as they wait much; attacks and overload measure time, so they run alone
	$(BIN)/python -m pytest -n 3 --dist worksteal --durations=20 -m slow --ignore tests/attacks --ignore tests/slow/test_overload.py
	$(BIN)/python -m pytest -m slow tests/attacks tests/slow/test_overload.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/black --check --quiet .
	$(BIN)/mypy mallgen
	$(BIN)/mypy runtime/mallgen_runtime
	$(BIN)/mypy scripts benchmarks tests
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/build_tables.py --check
	$(BIN)/python scripts/build_etcd.py --check
	$(BIN)/python scripts/build_pages.py --check
	$(BIN)/python scripts/lint.py

crash: setup ## kill -9 at every file-system event, then 10 000 random kills; prints what was seen
	$(BIN)/python -m tests.crash --random 10000

attack: setup ## the attacks of tests/attacks in their long form
	ATTACK_LONG=1 $(BIN)/python -m pytest tests/attacks

accept: setup ## write what the cases and golden trees should have said
	MALLGEN_ACCEPT=1 $(BIN)/python -m pytest -n 2 tests/test_cases.py tests/test_golden.py tests/editor/test_documents.py

conformance: setup ## agreement with goctl in figures: cases, goldens, formats, the differential run, fuzzing
	$(BIN)/python -m tests.figures $(SECONDS)

fuzz: setup ## random contracts for a minute, or SECONDS=3600; the same ones in each run, or others by SEED=7
	$(BIN)/python -m tests.fuzz $(or $(SECONDS),60) $(or $(SEED),1)
	$(BIN)/python -m tests.tables.fuzzing $(or $(SECONDS),60) $(or $(SEED),1)

explore: setup ## property tests and fuzzing with inputs that no run has had: part of every release
	MALLGEN_EXPLORE=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m hypothesis
	MALLGEN_EXPLORE=1 $(BIN)/python -m tests.fuzz $(SECONDS)
	MALLGEN_EXPLORE=1 $(BIN)/python -m tests.tables.fuzzing $(SECONDS)

soak: setup ## overload, restarts and ten minutes under load; then five hundred turns of the order list's three services
	$(BIN)/python -m tests.load
	$(BIN)/python -m tests.run.rolling

load: setup ## a minute of load on the whole shop, or SECONDS=600: latencies by route, errors, memory of each service
	$(BIN)/python benchmarks/load_shop.py $(SECONDS) $(if $(PAGE),--page $(PAGE))

bench-chain: setup ## the order list through three services, beside FastAPI and go-zero
	$(BIN)/python benchmarks/bench_chain.py

bench-model: setup servers ## models on three databases beside the bare drivers and SQLAlchemy
	$(BIN)/python benchmarks/bench_model.py

bench-lists: setup servers ## the first and a late page of a list of a million rows, on three databases
	$(BIN)/python benchmarks/bench_lists.py

bench-cache: setup servers ## cached rows and pages beside redis-py alone
	$(BIN)/python benchmarks/bench_cache.py

bench-queue: setup servers ## messages through Kafka beside the bare client
	$(BIN)/python benchmarks/bench_queue.py

bench-rpc: setup ## what a unary call costs its two ends, our transport beside grpc.aio
	$(BIN)/python benchmarks/bench_rpc.py

bench: setup
	$(BIN)/python benchmarks/bench_cli.py
	$(BIN)/python benchmarks/bench_check.py
	$(BIN)/python benchmarks/bench_safety.py
	$(BIN)/python benchmarks/bench_lsp.py
	$(BIN)/python benchmarks/bench_breaking.py
	$(BIN)/python benchmarks/bench_observed.py
	$(BIN)/python benchmarks/bench_middlewares.py
	$(BIN)/python benchmarks/bench_websockets.py

freeze: setup ## what this version generates becomes a case for all later ones: part of every release
	$(BIN)/python scripts/freeze.py $(if $(AGAIN),--again)

release-check: setup ## dist/: both distributions, proven on each Python, with bills of materials; docs/release.md
	$(BIN)/python scripts/release_check.py $(if $(PRESENT),--present)

generated: setup ## bring generated/ up to date with examples/
	$(BIN)/mallgen gen

errors: setup ## docs/errors.md: what mallgen says to common mistakes
	$(BIN)/python scripts/build_errors.py

pages: setup ## docs/lint.md and others, from the rules, limits and settings themselves
	$(BIN)/python scripts/build_pages.py

built: setup ## compile grammar/ and templates/ into mallgen/_built/, and the messages of etcd
	$(BIN)/python scripts/build_tables.py
	$(BIN)/python scripts/build_etcd.py

lock: setup ## write constraints.txt from what is installed
	{ sed -n 1p constraints.txt; $(BIN)/python -m pip freeze --exclude-editable; } > build.tmp && mv build.tmp constraints.txt

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
