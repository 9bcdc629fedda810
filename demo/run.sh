#!/bin/bash
# The demo: install the extension, fill or load a CRM, connect it, print the report.
#
# Runs inside a cluster (PGHOST and friends are set; test/cluster.sh makes one):  test/cluster.sh demo/run.sh
#
#   DATA      folder with maven_*.csv.gz: report on the Maven CRM; empty: on the generated company
#   PROFILE   machine_builder (default), volume or dirty     SEED   whole number, default 7
#   SCALE     1 (default), from 0.02 to 20                   END_DATE   last day, default 2026-08-16
#   AS_OF     look from this day instead of the last day of the data
#   AUDIT     summary (default), all or none: the table of planted truth
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${DATA:=}" "${PROFILE:=machine_builder}" "${SEED:=7}" "${SCALE:=1}" "${END_DATE:=2026-08-16}" "${AUDIT:=summary}" "${AS_OF:=}"
run() { psql -qX -v ON_ERROR_STOP=1 "$@"; }

fail() { echo "demo: $*" >&2; exit 1; }
case $PROFILE in machine_builder | volume | dirty) ;; *) fail "PROFILE is '$PROFILE'; machine_builder, volume or dirty are known" ;; esac
case $AUDIT in summary | all | none) ;; *) fail "AUDIT is '$AUDIT'; summary, all or none are known" ;; esac
[[ $SEED =~ ^-?[0-9]{1,18}$ ]] || fail "SEED is '$SEED'; a whole number is needed"
[[ $SCALE =~ ^[0-9]+(\.[0-9]+)?$ ]] || fail "SCALE is '$SCALE'; a number from 0.02 to 20 is needed"
[[ -z $AS_OF || $AS_OF =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || fail "AS_OF is '$AS_OF'; a day like 2026-08-16 is needed"
[[ $END_DATE =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || fail "END_DATE is '$END_DATE'; a day like 2026-08-16 is needed"

if [ -n "$DATA" ]; then
	for table in accounts products sales_teams sales_pipeline; do
		[ -r "$DATA/maven_$table.csv.gz" ] || fail "cannot read $DATA/maven_$table.csv.gz; DATA must name the folder of the Maven CRM"
	done
	run -c 'CREATE EXTENSION sales_forecast'
	run -v data="$DATA" -f "$here/maven.sql"
	# The file ends in 2017: look from the evening of its last day, so that this quarter is its last quarter.
	as_of=$(run -At -c "SELECT last_day || ' 23:59:59+00' FROM maven.estimate")
	run -v title='Maven CRM, loaded from four files' -v as_of="${AS_OF:-$as_of}" -f "$here/report.sql"
	run -v as_of="${AS_OF:-$as_of}" -f "$here/win.sql"
	exit
fi

run -c 'CREATE EXTENSION sales_forecast' -c "SELECT FROM sales_forecast.create_native_crm('crm')" >/dev/null
echo "Drawing the company ($PROFILE, seed $SEED, scale $SCALE) ..."
files=()
for file in "$here"/generate/[0-9]*.sql; do
	files+=(-f "$file")
done
run -v profile="$PROFILE" -v seed="$SEED" -v scale="$SCALE" -v end_date="$END_DATE" "${files[@]}" >/dev/null
run -c "SELECT FROM sales_forecast.connect_crm('native', 'crm', 'forecast')" >/dev/null
run -v title="Generated company, profile $PROFILE" -v as_of="${AS_OF:-$END_DATE} 00:00:00+00" -f "$here/report.sql"
if [ "$PROFILE" != dirty ]; then
	truth=()
	[ "$AUDIT" = none ] || truth=(-f "$here/win_truth.sql")
	run -v as_of="${AS_OF:-$END_DATE} 00:00:00+00" -f "$here/win.sql" "${truth[@]}"
fi
case $AUDIT in
	summary) run -f "$here/audit.sql" ;;
	all) run -v all=true -f "$here/audit.sql" ;;
esac
