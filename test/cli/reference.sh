#!/bin/bash
# The reference pages in doc/reference are those that `make docs` would write now.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

rm -rf build/reference
doc/reference.sh build/reference
difference=$(diff -r doc/reference build/reference 2>&1 | head -n 20 || true)
is "$difference" '' 'doc/reference is up to date (make docs)'
is "$(grep -c '|  |$' build/reference/views.md || true)" 0 'every column of the views has a meaning'
is "$(grep -c '|  |$' build/reference/native.md || true)" 0 'every column of the native CRM has a meaning'
