#!/bin/bash
# Static checks.  gcc's analyzer and the lint of the SQL catalog always run; cppcheck, clang-tidy and shellcheck where
# they are installed.
set -eu
cd "$(dirname "$0")/.."
. test/tap.sh

mapfile -t core < <(find src/core -name '*.c' | sort)

analyzer()
{
	local source status=0
	for source in "${core[@]}"; do
		gcc -std=c11 -Isrc -O1 -ffp-contract=off -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
			-Wconversion -Wno-sign-conversion -Werror -fanalyzer -S -o /dev/null "$source" || status=1
	done
	ok "$status" 'gcc -fanalyzer finds nothing in the core'
}

cppcheck_core()
{
	cppcheck --quiet --std=c11 --language=c -Isrc --enable=warning,portability --inline-suppr --error-exitcode=1 "${core[@]}" &&
		ok 0 'cppcheck finds nothing' || ok 1 'cppcheck finds nothing'
}

tidy()
{
	# Left out: similar arguments and narrowing (gcc warns of the harmful ones), memcpy as such, and loops that end at
	# a sum or at a power of ten instead of a count.
	local checks='-*,bugprone-*,clang-analyzer-*,cert-flp*'
	checks="$checks,-bugprone-easily-swappable-parameters,-bugprone-narrowing-conversions"
	checks="$checks,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
	checks="$checks,-clang-analyzer-security.FloatLoopCounter,-cert-flp30-c"
	clang-tidy --quiet --warnings-as-errors='*' --checks="$checks" "${core[@]}" -- -std=c11 -Isrc 2>/dev/null &&
		ok 0 'clang-tidy finds nothing' || ok 1 'clang-tidy finds nothing'
}

scripts()
{
	shellcheck --severity=warning test/*.sh test/cli/*.sh doc/*.sh .ci/run && ok 0 'shellcheck finds nothing' || ok 1 'shellcheck finds nothing'
}

run_tap analyzer analyzer
! command -v cppcheck >/dev/null || run_tap cppcheck cppcheck_core
! command -v clang-tidy >/dev/null || run_tap clang-tidy tidy
! command -v shellcheck >/dev/null || run_tap shellcheck scripts
catalog=$(test/cluster.sh test/pgtap.sh test/pgtap/catalog.sql || true)
printf '%s\n' "$catalog" | sed '$d'
last=$(printf '%s\n' "$catalog" | tail -n 1)
if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
	passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
else
	failed=$((failed + 1))
fi
totals
