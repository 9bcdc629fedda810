#!/bin/bash
# Run a command inside a throw-away PostgreSQL cluster that has this extension at hand.
#
#   test/cluster.sh COMMAND [ARGUMENT...]       e.g.  test/cluster.sh psql
#
# The cluster lies in a new folder under /tmp and listens on a unix socket there, on no port.  The extension is
# installed into the same folder (extension_destdir), so the system stays as it was.  Everything is removed when
# the command ends, fails or is interrupted.  As root the server runs as the user postgres.
#
# Read:    PG_CONFIG (default pg_config), CLUSTER_OPTIONS (more server options: "-c work_mem=64MB -c jit=off")
# Set:     PGHOST, PGPORT, PGUSER, PGDATABASE for clients; CLUSTER_LOG, the server's log;
#          CLUSTER_SHARE, the folder whose extension/ holds the control file and the scripts; CLUSTER_AS, what to put
#          before a command that must run as the server's user; PATH gets PostgreSQL's programs
# Returns: the command's status; 130 or 143 when interrupted
set -eu

[ $# -gt 0 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

root=$(cd "$(dirname "$0")/.." && pwd)
: "${PG_CONFIG:=pg_config}" "${CLUSTER_OPTIONS:=}"
unset MAKEFLAGS MFLAGS MAKELEVEL
unset PGSERVICE PGPASSWORD PGPASSFILE PGOPTIONS PGSSLMODE PGHOSTADDR PGAPPNAME PGCLIENTENCODING PGTZ PGDATA
umask 022

bin=$("$PG_CONFIG" --bindir) || { echo "$PG_CONFIG does not run: install postgresql-server-dev-15" >&2; exit 1; }
[ -x "$bin/initdb" ] || { echo "there is no server in $bin: install postgresql-15" >&2; exit 1; }

# initdb refuses to run as root, and postgres may not enter the caller's folder.  In a session of its own, so that a
# Ctrl-C does not cut a start in half: it is done first, and then cleaned up.
CLUSTER_AS=
[ "$(id -u)" != 0 ] || CLUSTER_AS='runuser -u postgres --'
as_server()
{
	(cd / && setsid --wait $CLUSTER_AS "$@")
}

work=$(mktemp -d /tmp/sf.XXXXXX)
child=
clean_up()
{
	trap '' INT TERM HUP
	[ -z "$child" ] || kill -- "-$child" 2>/dev/null || kill "$child" 2>/dev/null || true
	[ ! -f "$work/data/postmaster.pid" ] || as_server "$bin/pg_ctl" -s -D "$work/data" -m immediate stop || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# One build at a time, for two clusters may be started at once.
flock "$root/Makefile" make -s -C "$root" PG_CONFIG="$PG_CONFIG" DESTDIR="$work/dest" install >/dev/null
[ "$(id -u)" != 0 ] || chown postgres "$work"

export LC_ALL=C.UTF-8
as_server "$bin/initdb" -D "$work/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$work/initdb.log" 2>&1 ||
	{ cat "$work/initdb.log" >&2; exit 1; }
as_server "$bin/pg_ctl" -s -w -t 60 -D "$work/data" -l "$work/log" start -o "-c listen_addresses='' \
	-c unix_socket_directories='$work' -c extension_destdir='$work/dest' -c fsync=off \
	-c log_line_prefix='%m [%p] %e ' $CLUSTER_OPTIONS" >/dev/null ||
	{ cat "$work/log" >&2; exit 1; }

export PATH="$bin:$PATH" PSQLRC=/dev/null
export PGHOST="$work" PGPORT=5432 PGUSER=postgres PGDATABASE=sales
CLUSTER_SHARE=$work/dest$("$PG_CONFIG" --sharedir)
export PG_CONFIG CLUSTER_AS CLUSTER_LOG="$work/log" CLUSTER_SHARE
createdb sales

# In the background, so that a signal is answered at once and not when the command ends; there a shell would
# ignore Ctrl-C, hence env.  Without a terminal it is a process group of its own, so that all of it can be ended.
[ -t 0 ] || set -m
env --default-signal=INT,QUIT "$@" <&0 &
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
