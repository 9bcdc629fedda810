#!/bin/bash
# Inside a cluster: the regression scripts test/sql/*.sql against the answers in expected/.
set -eu
cd "$(dirname "$0")/.."
. test/tap.sh

regress()
{
	local tests=() script stem result
	for script in test/sql/*.sql; do
		stem=$(basename "$script" .sql)
		# A missing answer would abort the whole run.
		if [ -e "expected/$stem.out" ]; then
			tests+=("$stem")
		else
			ok 1 "$stem has no answer in expected/"
		fi
	done
	rm -f regression.diffs
	"$(dirname "$("$PG_CONFIG" --pgxs)")/../test/regress/pg_regress" --bindir="$("$PG_CONFIG" --bindir)" --inputdir=test \
		--load-extension=sales_forecast --dbname=regression "${tests[@]}" >build/log/pg_regress.out 2>&1 || true
	for stem in "${tests[@]}"; do
		# 15 writes "test name ... ok 12 ms", later servers "ok 1 - name 12 ms"
		result=$(grep -E "^(test +$stem +\.\.\. ok\b|ok .* $stem +[0-9])" build/log/pg_regress.out || true)
		ok "$([ -n "$result" ] && echo 0 || echo 1)" "$stem gives the expected answer"
	done
	[ ! -e regression.diffs ] || head -n 300 regression.diffs
	log_is_clean
}

mkdir -p build/log
run_tap regress regress
totals
