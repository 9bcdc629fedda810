# sales_forecast: build, install, test.  `make help` lists the targets.

EXTENSION   = sales_forecast
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big  = $(EXTENSION)

CORE_SRCS := $(sort $(wildcard src/core/*.c src/core/*/*.c))
CORE_OBJS := $(CORE_SRCS:.c=.o)
OBJS       = $(CORE_OBJS) $(patsubst %.c,%.o,$(sort $(wildcard src/pg/*.c)))

SQL_MODULES := $(sort $(wildcard sql/modules/*.sql))
DATA_built   = sql/$(EXTENSION)--$(EXTVERSION).sql

# Each test of the core is linked with the whole core, all of it under the sanitizers.
CORE_TESTS  := $(patsubst %.c,build/check/%,$(sort $(wildcard test/core/test_*.c)))
CHECK_OBJS   = $(patsubst %.c,build/check/%.o,$(CORE_SRCS))
CHECK_CFLAGS = -std=c11 -Wall -Wextra -g -O1 -ffp-contract=off -fno-omit-frame-pointer -Isrc -MMD -MP \
	-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all

# DATA=<folder> on the command line names the input of the demo; PGXS means files to install by the same word.
ifneq ($(filter command environment,$(origin DATA)),)
DATA_FOLDER := $(DATA)
endif
override DATA := $(filter-out $(DATA_built),$(wildcard sql/$(EXTENSION)--*--*.sql))

# The answers lie in expected/ at the top; the scripts in test/sql.
REGRESS      = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=$(EXTENSION)
EXTRA_CLEAN  = build $(OBJS:.o=.d)

# No contraction to fused multiply-add and no bitcode: every build and every plan gives the same bits.
PG_CPPFLAGS = -Isrc -MMD -MP -ffp-contract=off
PG_CFLAGS   = -std=gnu11 -fvisibility=hidden -Werror=implicit-function-declaration
SHLIB_LINK  = -lm
override with_llvm := no

PG_CONFIG ?= pg_config
PGXS      := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
export PG_CONFIG

# Measured data lie in memory, as they do on a server that is used.
BENCH_OPTIONS ?= -c shared_buffers=2GB -c max_wal_size=8GB

.DEFAULT_GOAL := all
.PHONY: all install installcheck test demo bench check-core check-rooms fuzz lint docs clean help test-built demo-built bench-built core-tests

all: ## Build the library and the install script
install: ## Install into the PostgreSQL that pg_config points to (DESTDIR is honoured)
installcheck: ## Run the regression scripts against a running server that has the extension installed

# A fresh machine has no PGXS while this file is read, so the packages come first and make is called again.
test: ## Install missing packages, build, run every test in a throw-away cluster
	@test/packages.sh test
	@echo "building, where something has changed"
	@$(MAKE) -s --no-print-directory test-built
test-built: all
	test/run.sh

demo: ## Run the main job on a generated CRM, or on another input: make demo DATA=<folder>
	@test/packages.sh build
	@echo "building, where something has changed"
	@$(MAKE) -s --no-print-directory demo-built
demo-built: all
	$(if $(DATA_FOLDER),@[ -d '$(DATA_FOLDER)' ] || { echo "DATA names no folder: $(DATA_FOLDER)" >&2; exit 1; })
	DATA='$(if $(DATA_FOLDER),$(shell cd '$(DATA_FOLDER)' 2>/dev/null && pwd))' test/cluster.sh demo/run.sh

bench: ## Print the table of timings; BENCH_OPTIONS are extra server options
	@test/packages.sh build
	@echo "building, where something has changed"
	@$(MAKE) -s --no-print-directory bench-built
bench-built: all
	CLUSTER_OPTIONS='$(BENCH_OPTIONS)' test/cluster.sh bench/run.sh

check-core: ## Run the tests of src/core alone, under address and undefined-behaviour sanitizers
	test/check-core.sh

check-rooms: $(MODULE_big).so ## Check the walls between the rooms and the exported names
	test/check-rooms.sh

fuzz: ## Feed random bytes to the decoders for FUZZ_SECONDS (default 20) each
	test/fuzz.sh

lint: all ## Run the static checks that are installed, and the lint of the SQL catalog
	test/lint.sh

docs: all ## Write doc/reference from the comments in the SQL catalog
	test/cluster.sh doc/reference.sh

clean: ## Remove everything that was built

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | while IFS='	' read -r t d; do printf '%-13s %s\n' "$$t" "$$d"; done

core-tests: $(CORE_TESTS)

build/check/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CHECK_CFLAGS) -c -o $@ $<

$(CORE_TESTS): build/check/%: build/check/%.o $(CHECK_OBJS)
	$(CC) $(CHECK_CFLAGS) -o $@ $^ -lm

.SECONDARY: $(CHECK_OBJS) $(CORE_TESTS:=.o)
-include $(CHECK_OBJS:.o=.d) $(CORE_TESTS:=.d)

ifneq ($(PGXS),)

include $(PGXS)

ifneq ($(filter 1 2 3 4 5 6 7 8 9 10 11 12 13 14,$(MAJORVERSION)),)
$(error sales_forecast needs PostgreSQL 15 or newer; $(PG_CONFIG) reports $(MAJORVERSION))
endif

# The core sees the C library only: strict C11, no server headers on its path.
$(CORE_OBJS): override CPPFLAGS := -D_FORTIFY_SOURCE=2 $(PG_CPPFLAGS)
$(CORE_OBJS): override CFLAGS += -std=c11

-include $(OBJS:.o=.d)

# The folder is a prerequisite too: a module that is taken away must leave the script.
$(DATA_built): $(SQL_MODULES) $(EXTENSION).control sql/modules
	@for m in $(SQL_MODULES); do printf '\n-- %s\n\n' $$m; cat $$m; done >$@.tmp
	@mv $@.tmp $@

else

all install installcheck $(MODULE_big).so:
	@echo "PostgreSQL's server headers are missing ($(PG_CONFIG) --pgxs finds nothing): run 'test/packages.sh build' or install postgresql-server-dev-15." >&2; exit 1
clean:
	rm -rf build

endif
