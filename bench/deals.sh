#!/bin/bash
# Print the public deals that win models are measured on, as csv with a header.
#
#   bench/deals.sh SET     ibm, telco or olist
#
# Read: SERIES_DATA, the folder that holds deals/ (default ../shared/data, relative to the project).
# Columns: key, won, when (text that sorts by time, or empty), then features that are known before the outcome.
set -eu
cd "$(dirname "$0")/.."
/usr/bin/python3 bench/deals.py "$1" "${SERIES_DATA:-../shared/data}/deals"
