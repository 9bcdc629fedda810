# Sourced by the shell tests and by the runners: TAP lines out, and totals of TAP lines.
# Every runner ends with the line "N passed, M failed"; test/run.sh adds them up.
# shellcheck shell=bash

tap_tests=0

# ok STATUS NAME: one test, passed if STATUS is 0
ok()
{
	tap_tests=$((tap_tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_tests - $2"
	else
		echo "not ok $tap_tests - $2"
	fi
}

# is GOT WANTED NAME
is()
{
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf 'got:    %s\nwanted: %s\n' "$1" "$2" | sed 's/^/# /'
	fi
}

# like GOT REGEXP NAME
like()
{
	if printf '%s' "$1" | grep -Eq -e "$2"; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf 'got:    %s\nwanted: %s\n' "$1" "$2" | sed 's/^/# /'
	fi
}

passed=0 failed=0

# run_tap NAME COMMAND...: run a program that prints TAP and add its tests to passed and failed.  A program that
# ends badly without a failed test, or prints no test at all, is one failure.
run_tap()
{
	local name=$1 status=0 log p f
	shift
	log=build/log/${name//[^A-Za-z0-9_]/_}.log
	mkdir -p build/log
	"$@" >"$log" 2>&1 || status=$?
	p=$(grep -Ec '^ok [0-9]' "$log" || true)
	f=$(grep -Ec '^not ok [0-9]' "$log" || true)
	if [ "$f" = 0 ] && { [ "$status" != 0 ] || [ "$p" = 0 ]; }; then
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f))
	if [ "$f" = 0 ]; then
		echo "ok   $name ($p)"
	else
		echo "FAIL $name ($p passed, $f failed, status $status), from $log:"
		grep -Ev '^ok [0-9]' "$log" | tail -n 200 | sed 's/^/     /'
	fi
}

# log_is_clean: no server process died and no error was an internal one
log_is_clean()
{
	ok "$(grep -Eq 'was terminated by signal|PANIC' "$CLUSTER_LOG" && echo 1 || echo 0)" 'no server process crashed'
	ok "$(grep -Eq '\] XX[0-9A-Z]{3} ' "$CLUSTER_LOG" && echo 1 || echo 0)" 'no internal error was raised'
	grep -E -A 4 'was terminated by signal|PANIC|\] XX[0-9A-Z]{3} ' "$CLUSTER_LOG" | head -n 40 | sed 's/^/# /'
	return 0
}

# totals: the last line of a runner, and its status.  To have tested nothing is a failure.
totals()
{
	[ $((passed + failed)) -gt 0 ] || failed=1
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
