#!/bin/bash
# Build every test/core/test_*.c with the core under the sanitizers and run it; no server, no PostgreSQL headers.
set -eu
cd "$(dirname "$0")/.."
. test/tap.sh

# A host that asks for too much is to be refused, not stopped.
export ASAN_OPTIONS=allocator_may_return_null=1
make -s -k -j "$(nproc)" core-tests || echo "some tests of the core did not compile" >&2
for source in test/core/test_*.c; do
	[ -e "$source" ] || continue
	stem=$(basename "$source" .c)
	run_tap "$stem" timeout --foreground 300 "build/check/test/core/$stem"
done
totals
