#!/bin/bash
# Every test there is; the last line is the sum.  The library is built already.
set -u
cd "$(dirname "$0")/.." || exit 1
. test/tap.sh

# A runner is a process group in the background, so that a signal is answered at once and reaches all of it; it
# cleans up before this ends.
set -m
child=
stop()
{
	trap '' INT TERM HUP
	[ -z "$child" ] || { kill -- "-$child" 2>/dev/null; wait "$child" 2>/dev/null; }
	exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM HUP

# A runner ends with "N passed, M failed"; one that does not is one failure.
run()
{
	local last p=0 f=1
	echo "== $1"
	shift
	"$@" </dev/null >build/last.out 2>&1 &
	child=$!
	wait "$child"
	child=
	cat build/last.out
	last=$(tail -n 1 build/last.out)
	if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
		p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]}
	fi
	passed=$((passed + p)) failed=$((failed + f))
}

rm -rf build/log
mkdir -p build
run 'walls between the rooms' test/check-rooms.sh
run 'core under sanitizers' test/check-core.sh
run 'decoders under random bytes' test/fuzz.sh
run 'regression scripts' test/cluster.sh test/regress.sh
run 'facts' test/cluster.sh test/pgtap.sh
run 'dump, upgrade, rights and papers' test/cluster.sh test/cli.sh
echo
totals
