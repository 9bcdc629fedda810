#!/bin/bash
# Install what is missing of the packages that a build or the tests need, without starting a database server.
#
#   test/packages.sh build | test
set -eu

build="gcc libc6-dev make postgresql-15 postgresql-server-dev-15"
case "${1:-}" in
	build) needed=$build ;;
	test) needed="$build postgresql-15-pgtap libtap-parser-sourcehandler-pgtap-perl clang-14 libclang-rt-14-dev" ;;
	*) echo "usage: $0 build|test" >&2; exit 2 ;;
esac
echo "packages needed: $needed"

if ! command -v dpkg-query >/dev/null; then
	echo "this system has no apt: the equivalents of these packages are taken as installed"
	exit 0
fi

missing=
for p in $needed; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
echo "packages missing:$missing"

as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo true; }; }; then
		echo "cannot install them: neither root nor sudo. Ask an administrator to run: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi

# Debian's server package would create a cluster and start it on a port; this setting keeps it from that.
setting=/etc/postgresql-common/createcluster.d/zz-no-main-cluster.conf
clean_up()
{
	$as_root rm -f "$setting"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
$as_root mkdir -p "$(dirname "$setting")"
echo 'create_main_cluster = false' | $as_root tee "$setting" >/dev/null

apt()
{
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}
apt update || echo "the package lists could not be renewed; going on with those at hand" >&2
# shellcheck disable=SC2086
apt install --no-install-recommends $missing
