#!/bin/bash
# What the catalog cannot tell: the install script states what it means and takes nothing over that it did not make.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

# Statements at the left margin; what a function body does is its own affair.
statements='/^CREATE (OR REPLACE )?(FUNCTION|PROCEDURE|AGGREGATE)/'
is "$(grep -nE '^CREATE OR REPLACE|^CREATE [A-Z ]*IF NOT EXISTS|^ALTER (ROLE|DATABASE|SYSTEM)|^CREATE (ROLE|POLICY|EVENT)' sql/modules/*.sql || true)" '' \
	'plain CREATE only'
is "$(awk "$statements"' && !/AGGREGATE/ { name = FILENAME ": " $0; text = ""; reading = 1 }
	reading { text = text " " $0 }
	reading && (/;[[:space:]]*$/ || /^AS|BEGIN ATOMIC/) {
		if (text !~ /(IMMUTABLE|STABLE|VOLATILE)/ || text !~ /PARALLEL (SAFE|RESTRICTED|UNSAFE)/) print name
		reading = 0
	}' sql/modules/*.sql)" '' 'every function states its volatility and whether it may run in parallel'
is "$(grep -niE 'security definer|leakproof' sql/modules/*.sql | grep -viE 'comment|--' || true)" '' 'no SECURITY DEFINER, no LEAKPROOF'
is "$(grep -c 'quit' "sql/sales_forecast--$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" sales_forecast.control).sql" | sed 's/^[1-9].*/guarded/')" guarded \
	'the script is guarded against psql'
