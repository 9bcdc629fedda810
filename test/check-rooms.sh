#!/bin/bash
# The walls of the house: what the core may include and call, who may know whom, which names the linker may see.
set -eu
cd "$(dirname "$0")/.."
. test/tap.sh

# nothing NAME < LINES: passes if no line comes in, else prints them
nothing()
{
	local found
	found=$(cat)
	if [ -n "$found" ]; then
		ok 1 "$1"
		printf '%s\n' "$found" | sed 's/^/# /'
	else
		ok 0 "$1"
	fi
}

math='acos|asin|atan|atan2|atanh|cbrt|ceil|copysign|cos|cosh|erf|erfc|exp|exp2|expm1|fabs|fdim|floor|fma|fmax|fmin|fmod|frexp|hypot'
math="$math|ilogb|ldexp|lgamma|lgamma_r|llrint|llround|log|log10|log1p|log2|logb|lrint|lround|modf|nearbyint|nextafter|pow|remainder"
math="$math|rint|round|scalbn|sin|sincos|sinh|sqrt|tan|tanh|tgamma|trunc"
memory='mem(chr|cmp|cpy|move|set)|str(chr|cmp|len|ncmp)|__(memcpy|memmove|memset)_chk'
compiler='_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__[a-z]*(ti|tf)[a-z0-9]*|__cpu_model|__cpu_indicator_init'

check()
{
	local core_objects=() objects=()
	mapfile -t core_objects < <(find src/core -name '*.o')
	mapfile -t objects < <(find src -name '*.o')

	grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' src/core |
		grep -vE '<(float|inttypes|limits|math|stdalign|stdbool|stddef|stdint|string)\.h>' |
		nothing 'the core includes only headers of the C library that know no world outside'
	nm -u "${core_objects[@]}" | sed -n 's/^ *[Uw] //p' | sort -u | grep -vE "^(sf_.*|$math|$memory|$compiler)$" |
		nothing 'the core calls nothing but itself, mathematics and memory copies'
	grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' src/core | grep -vE '"core/[a-z]+/[a-z0-9_]+\.h"' |
		nothing 'the core names its own headers by their whole path'
	for room in src/core/*/; do
		room=$(basename "$room")
		grep -rnE '#[[:space:]]*include[[:space:]]*"' "src/core/$room" | grep -vE "\"core/(base|$room)/"
	done | nothing 'a room knows base and itself'
	grep -rlE 'include[[:space:]]*["<]postgres\.h' src test/core test/fuzz 2>/dev/null | grep -v '^src/pg/' |
		nothing 'only src/pg includes postgres.h'
	nm -g --defined-only "${objects[@]}" | sed -n 's/^[0-9a-f]* [A-Z] //p' |
		grep -vE '^(sf_|pg_finfo_sf_|Pg_magic_func$|_PG_init$)' |
		nothing 'every name that leaves a file starts with sf_'
	nm -D --defined-only sales_forecast.so | sed -n 's/^[0-9a-f]* [A-Z] //p' |
		grep -vE '^(sf_|pg_finfo_sf_|Pg_magic_func$|_PG_init$)' |
		nothing 'every exported name is ours'
}

run_tap check-rooms check
totals
