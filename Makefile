# SPDX-License-Identifier: MIT
# Everything a contributor and CI run. `make` alone lists the targets.
#
#   make test PYTHON=python3.12 VENV=.venv-3.12     another Python
#   make build PYMX_BUILD=debug                     release (default), debug, asan, tsan

PYTHON ?= python3
VENV ?= .venv
PYMX_BUILD ?= release
FUZZ_SECONDS ?= 60
export PYMX_BUILD

# System packages, as Debian and Ubuntu call them.
PACKAGES_BUILD = gcc libc6-dev libc-ares-dev pkg-config python3-dev python3-venv
PACKAGES_TEST = $(PACKAGES_BUILD) binutils libcmocka-dev knot
PACKAGES_BENCH = $(PACKAGES_BUILD) libadns1-dev valgrind
PACKAGES_ALL = $(PACKAGES_TEST) clang clang-format clang-tidy cppcheck libclang-rt-dev \
    valgrind

C_FILES = $(wildcard ext/core/*.c ext/python/*.c)
C_ALL = $(C_FILES) $(wildcard ext/core/*.h ext/python/*.h tests/core/*.[ch] \
    tests/differential/*.c \
    benchmarks/native/*.[ch])
PYTHON_FILES = pymx tests examples benchmarks setup.py

bin = $(VENV)/bin
pip = $(bin)/python -m pip --disable-pip-version-check --quiet
version := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' \
    2>/dev/null)
tidy_flags = -std=c11 -Iext $(shell pkg-config --cflags libcares) \
    -I$(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help quickstart test build core asan clang tsan valgrind python-asan fuzz \
    differential mutants rules bench bench-all lint typecheck format dist clean system

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z -]+:.*## /{printf "make %-24s %s\n", $$1, $$2}' Makefile

quickstart: packages-build ## install what is needed, build, resolve examples/mail.zone
	@$(MAKE) --no-print-directory demo

test: packages-test ## install what is needed, build, run the C and the Python tests
	@+tests/furnished.sh $(MAKE) --no-print-directory build asan pytest

.PHONY: pytest
pytest:
	$(bin)/pytest

build: $(VENV)/.built-$(PYMX_BUILD) ## make .venv and build the extension into it

core: ## C tests, optimised
	@$(MAKE) --no-print-directory -C tests/core plain

asan clang tsan valgrind: ## C tests: ASan and UBSan (gcc, clang), TSan, valgrind
	@$(MAKE) --no-print-directory -C tests/core $@

# The instrumented package stands in build/asan, beside the one of `make build`. With
# malloc() below every object there are no blocks of Python's allocator to count. Children
# import from there too, not from the folder they are in. Tests that fork beside threads
# are left out: before GCC 15 and LLVM 18 libasan takes no care of its own locks, and a
# child inherits those that another thread, which may just be starting, held: it hangs in
# malloc(). What the core does around a fork `make asan` looks at, with idle threads.
python-asan: build ## Python tests under ASan and UBSan
	PYMX_BUILD=asan $(bin)/python setup.py --quiet build --build-base build/asan \
	    --build-lib build/asan/lib
	PYTHONSAFEPATH=1 PYTHONPATH=build/asan/lib PYTHONMALLOC=malloc \
	    ASAN_OPTIONS=detect_leaks=0 \
	    LD_PRELOAD=$$($(CC) -print-file-name=libasan.so) \
	    $(bin)/pytest tests -m 'not forks' \
	    --ignore=tests/native/test_native_memory.py

fuzz: ## libFuzzer on the reader of answers, for FUZZ_SECONDS (60)
	@mkdir -p build/fuzz
	clang -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -DMX_DEBUG -Iext -Itests/core -o build/fuzz/answer \
	    tests/fuzz/fuzz_answer.c $(wildcard ext/core/*.c) \
	    $$(pkg-config --cflags --libs libcares) -lpthread
	build/fuzz/answer -max_total_time=$(FUZZ_SECONDS) -max_len=600 \
	    -artifact_prefix=build/fuzz/ -verbosity=0 -print_final_stats=1

# Only the reader of answers, so that it is made in a second.
reader_of_answers = tests/differential/reader.c $(patsubst %,ext/core/%.c,answer chain \
    message records wire question name hash address address_text mem reason)
build/differential/reader: $(reader_of_answers) $(wildcard ext/core/*.h)
	@mkdir -p $(@D)
	$(CC) -std=c11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	    -Wall -Wextra -Wconversion -Werror -Iext -o $@ $(reader_of_answers)

MESSAGES ?= 100000
differential: build build/differential/reader ## the reader of answers against dnspython
	$(bin)/python tests/differential/compare.py build/differential/reader \
	    --count $(MESSAGES)

MUTANTS ?= 400
mutants: build ## small errors put into ext/core: how many do its tests notice?
	$(bin)/python tests/mutation/mutate.py --limit $(MUTANTS)

rules: build ## each rule of the answer taken out: do its scenarios notice?
	$(bin)/python tests/mutation/mutate.py --rules tests/scenarios/removals.toml

# BENCH="--only speed --rounds 9": the options of `python -m benchmarks --help`.
bench: packages-bench build ## pymx beside its peers and the limit: speed, memory, latency
	CC="$(CC)" $(bin)/python -m benchmarks $(BENCH)

bench-all: packages-bench build ## the same, and the runs that take long
	CC="$(CC)" $(bin)/python -m benchmarks --all $(BENCH)

lint: build ## ruff, clang-format, clang-tidy, cppcheck
	$(bin)/ruff check $(PYTHON_FILES)
	$(bin)/ruff format --check $(PYTHON_FILES)
	clang-format --dry-run -Werror $(C_ALL)
	printf '%s\n' $(C_FILES) | xargs -P 2 -n 1 sh -c \
	    'clang-tidy --quiet "$$@" -- $(tidy_flags) 2>&1 || exit 255' clang-tidy
	cppcheck --quiet --std=c11 --library=posix,python --inline-suppr -Iext ext \
	    --enable=warning,performance,portability --error-exitcode=1

typecheck: build ## mypy --strict, and the stub of the extension against it
	$(bin)/mypy
	$(bin)/stubtest pymx._native

format: build ## bring C and Python into shape
	clang-format -i $(C_ALL)
	$(bin)/ruff check --fix-only $(PYTHON_FILES)
	$(bin)/ruff format $(PYTHON_FILES)

dist: build ## the source distribution, in dist/
	$(bin)/python -m build --sdist

clean: ## remove what was built; .venv stays
	rm -rf build dist *.egg-info pymx/*.so $(VENV)/.built-*
	find pymx tests -name __pycache__ -prune -exec rm -rf {} +

system: packages-all ## install the system packages of all targets (Debian, Ubuntu)

# Asks for the network and for root only when a package is missing.
packages-build: wanted = $(PACKAGES_BUILD)
packages-test: wanted = $(PACKAGES_TEST)
packages-bench: wanted = $(PACKAGES_BENCH)
packages-all: wanted = $(PACKAGES_ALL)
packages-%:
	@if ! command -v apt-get >/dev/null; then \
	    echo "No apt-get here: install the likes of $(wanted)"; exit 0; \
	fi; \
	missing=$$(for package in $(wanted); do \
	    dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q ' installed$$' \
	        || echo $$package; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ $$(id -u) -eq 0 ]; then sudo=; else sudo=sudo; fi; \
	echo "Installing" $$missing; \
	apt="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y"; \
	install="$$apt install --no-install-recommends $$missing"; \
	$$install || { $$apt update && $$install; }

# Exit code 1 says that some destinations have no targets, as the zone means it.
.PHONY: demo
demo: $(VENV)/.quickstart
	$(bin)/pymx resolve --zone examples/mail.zone plain.example equal.example \
	    multihomed.example implicit.example nullmx.example dangling.example; \
	    test $$? -eq 1

# A virtual environment of another version is made anew.
$(VENV)/.python-$(version):
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.quickstart: $(VENV)/.python-$(version)
	$(pip) install --editable '.[testing]'
	@touch $@

$(VENV)/.dev: $(VENV)/.python-$(version) pyproject.toml
	$(pip) install --editable '.[dev]'
	@rm -f $(VENV)/.built-* && touch $@ $(VENV)/.built-$(PYMX_BUILD)

# The line above may have built it just now.
$(VENV)/.built-$(PYMX_BUILD): $(VENV)/.dev setup.py $(C_ALL)
	@if [ ! -e $@ ] || [ -n "$$(find $^ -newer $@)" ]; then \
	    echo 'Building pymx._native ($(PYMX_BUILD))'; \
	    rm -f $(VENV)/.built-*; \
	    $(bin)/python setup.py --quiet build_ext --inplace; \
	fi && touch $@
