#!/bin/bash
# Print the public series that accuracy is measured on, as set,part,series,t,value without a header.
#
#   bench/series.sh [SET...]     all sets when none is named
#
# Read: SERIES_DATA, the folder that holds series/ (default ../shared/data, relative to the project).
set -eu
cd "$(dirname "$0")/.."

data=${SERIES_DATA:-../shared/data}
[ $# -gt 0 ] || set -- m1_monthly m1_quarterly m1_yearly tourism_monthly tourism_quarterly tourism_yearly \
	hospital_monthly carparts_monthly m4_weekly m4_hourly walmart superstore
for set; do
	for part in train test; do
		file=$data/series/${set}_$part.csv.gz
		[ -f "$file" ] || file=$data/series/hierarchy/${set}_$part.csv.gz
		zcat "$file" | sed "1d; s/^/$set,$part,/"
	done
done
