#!/bin/bash
# Feed random bytes to every decoder: each test/fuzz/fuzz_*.c runs FUZZ_SECONDS (default 20) under libFuzzer with
# the address and undefined-behaviour sanitizers.  Seeds come from test/fuzz/corpus/<stem>, if there are any.
set -eu
cd "$(dirname "$0")/.."
. test/tap.sh

: "${FUZZ_SECONDS:=20}" "${FUZZ_CC:=clang-14}"
flags=(-std=c11 -g -O1 -fno-sanitize-recover=all -ffp-contract=off -Isrc -Itest/core)

# The core, compiled once for all targets.
compile_core()
{
	local source object objects=build/fuzz/core
	rm -rf "$objects"
	mkdir -p "$objects"
	for source in src/core/*/*.c; do
		object=$objects/$(basename "$(dirname "$source")")_$(basename "$source" .c).o
		"$FUZZ_CC" "${flags[@]}" -fsanitize=fuzzer-no-link,address,undefined -c -o "$object" "$source" || return 1
	done
}

fuzz()
{
	local stem=$1 dir=build/fuzz/$1
	mkdir -p "$dir/corpus"
	[ ! -d "test/fuzz/corpus/$stem" ] || cp "test/fuzz/corpus/$stem"/* "$dir/corpus/"
	"$FUZZ_CC" "${flags[@]}" -fsanitize=fuzzer,address,undefined -o "$dir/$stem" "test/fuzz/$stem.c" \
		build/fuzz/core/*.o -lm || return 1
	if "$dir/$stem" -max_total_time="$FUZZ_SECONDS" -max_len=65536 -rss_limit_mb=1024 -timeout=5 \
		-artifact_prefix="$dir/" -print_final_stats=1 "$dir/corpus"; then
		echo "ok 1 - $stem withstands random bytes for $FUZZ_SECONDS s"
	else
		echo "not ok 1 - $stem: the bytes that broke it lie in $dir"
		return 1
	fi
}

compile_core
for source in test/fuzz/fuzz_*.c; do
	[ -e "$source" ] || continue
	run_tap "$(basename "$source" .c)" fuzz "$(basename "$source" .c)"
done
totals
