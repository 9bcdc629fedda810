#!/bin/bash
# The binary readers of our types: what they wrote they read back, and bytes that were cut short, changed or appended
# give a clean error or a value that can be used, never an internal error or a crash.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
createdb binary_test
psql -Xq -d binary_test -c 'CREATE EXTENSION sales_forecast'

# copy_script good|spoiled: for every line of hexadecimal digits, a file for COPY ... BINARY with that value (or one
# for each way of spoiling it), and the line of a psql script that loads it.
copy_script()
{
	perl -e '
		my ($how, $dir) = @ARGV;
		my ($n, %seen) = (0);
		sub out {
			my $b = shift;
			return if $seen{$b}++;
			my $file = "$dir/$how" . $n++;
			open my $f, ">:raw", $file or die $!;
			print $f "PGCOPY\n\377\r\n\0", pack("NNnN", 0, 0, 1, length $b), $b, pack("n", 0xffff);
			close $f;
			print "\\copy loaded (v) FROM $file BINARY\n";
		}
		while (<STDIN>) {
			chomp;
			my $b = pack("H*", $_);
			if ($how eq "good") { out($b); next; }
			my $most = length $b < 150 ? length $b : 150;
			out(substr($b, 0, $_)) for 0 .. $most - 1;
			for my $i (0 .. $most - 1) {
				for my $v (0, 1, 127, 128, 255) { my $c = $b; substr($c, $i, 1) = chr $v; out($c); }
			}
			out($b . "\0"); out($b x 2); out("\377" x 64);
		}' "$1" "$work"
}

# Everything that takes a loaded value alone or with a number gives a value or a documented error.
use="
	DO \$\$
	DECLARE
		f record;
		r record;
	BEGIN
		FOR f IN
			SELECT p.proname, p.pronargs FROM pg_proc p
			WHERE p.pronamespace = 'sales_forecast'::regnamespace AND p.prokind = 'f'
			  AND p.proargtypes[0] = 'sales_forecast.TYPE'::regtype
			  AND (p.pronargs = 1 OR p.pronargs = 2 AND p.proargtypes[1] = 'float8'::regtype)
		LOOP
			FOR r IN SELECT v FROM loaded LOOP
				BEGIN
					EXECUTE format('SELECT sales_forecast.%I(\$1%s)::text', f.proname, CASE f.pronargs WHEN 2 THEN ', 0.9' END) USING r.v;
				EXCEPTION WHEN OTHERS THEN
					IF left(SQLSTATE, 2) IN ('XX', '53', '58') THEN
						RAISE;
					END IF;
				END;
			END LOOP;
		END LOOP;
	END \$\$;"

types=$(psql -XAtq -d binary_test <<'SQL'
SELECT t.typname FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'sales_forecast'
WHERE d.deptype = 'e' AND t.typtype = 'b' AND t.typcategory <> 'A' AND t.typreceive <> 0 ORDER BY 1
SQL
)
for type in $types; do
	send=$(psql -XAtq -d binary_test -c "SELECT typsend FROM pg_type WHERE typname = '$type'")
	psql -XAtq -d binary_test >"$work/values" <<SQL
\\i test/sane.sql
SELECT format('SELECT encode(%s(%s), ''hex'')', '$send', s) FROM pg_temp.samples('sales_forecast.$type') AS s \\gexec
SQL
	sort -u -o "$work/values" "$work/values"
	psql -Xq -d binary_test -c 'SET client_min_messages = warning' -c 'DROP TABLE IF EXISTS loaded' \
		-c "CREATE TABLE loaded (n serial, v sales_forecast.$type)"
	copy_script good <"$work/values" >"$work/script"
	psql -Xq -d binary_test -f "$work/script"
	is "$(psql -XAtq -d binary_test -c "SELECT encode($send(v), 'hex') FROM loaded ORDER BY n")" "$(cat "$work/values")" \
		"$type reads back what it wrote"

	{
		echo '\set VERBOSITY sqlstate'
		copy_script spoiled <"$work/values"
		printf '%s\n' "${use//TYPE/$type}"
	} >"$work/script"
	states=$(psql -Xq -d binary_test -f "$work/script" 2>&1 | grep -oE 'ERROR: +[0-9A-Z]{5}|terminated' | sort | uniq -c | tr -s ' \n' ' ' || true)
	echo "# $type: $(grep -c '^.copy' "$work/script") spoiled values:$states"
	is "$(printf '%s' "$states" | grep -cE 'ERROR: +(XX|53|57|58)|terminated' || true)" 0 "$type withstands spoiled bytes"
	find "$work" -type f -delete
done
ok "$([ -n "$types" ] && echo 0 || echo 1)" 'there are types with a binary form'
