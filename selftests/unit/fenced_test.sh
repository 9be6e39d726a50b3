#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scoutfs-fenced with files in place of sysfs; prints TAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
fenced=$top/userspace/fenced/scoutfs-fenced
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$work"' EXIT

export SCOUTFS_FENCED_SYSFS=$work/sysfs
export SCOUTFS_FENCED_CONFIG_FILE=$work/conf
tap_name=fenced
tap_logs=("$work/log")
# shellcheck source=selftests/unit/tap.sh
. "$(dirname "$0")/tap.sh"

# request IDENT RID IP REASON: complete before it can be seen, values without newline
request() {
	local dir=$work/$2 fence=$SCOUTFS_FENCED_SYSFS/$1/fence

	mkdir -p "$fence" "$dir"
	printf %s "$2" >"$dir/rid"
	printf %s "$3" >"$dir/ipv4_addr"
	printf %s "$4" >"$dir/reason"
	printf 0 >"$dir/elapsed_secs"
	printf 0 >"$dir/fenced"
	printf 0 >"$dir/error"
	mv "$dir" "$fence/"
}

# answered RID FILE: within ten seconds
answered() {
	local file=$SCOUTFS_FENCED_SYSFS/f.111111.r.222222/fence/$1/$2 i

	for ((i = 0; i < 100; i++)); do
		[ "$(cat "$file" 2>/dev/null)" != 1 ] || return 0
		sleep 0.1
	done
	return 1
}

logged() {
	local i

	for ((i = 0; i < 100; i++)); do
		! grep -qE "$1" "$work/log" || return 0
		sleep 0.1
	done
	return 1
}

# config SCRIPT [ARGS]
config() {
	cat >"$work/conf" <<-END
		SCOUTFS_FENCED_DELAY=0.1
		SCOUTFS_FENCED_RUN=$work/$1
		SCOUTFS_FENCED_RUN_ARGS="${2:-}"
	END
}

stamp='^\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}\] '
ident=f.111111.r.222222
mkdir -p "$SCOUTFS_FENCED_SYSFS"
echo 'echo "agent: $# args, last ${!#}, $SCOUTFS_FENCED_REQ_RID at $SCOUTFS_FENCED_REQ_IP"' \
	>"$work/ok"
echo 'exit 7' >"$work/fails"
# the request goes away while the agent works
echo 'rm -r "$SCOUTFS_FENCED_SYSFS"/*/fence/$SCOUTFS_FENCED_REQ_RID; echo agent: gone' >"$work/gone"
sed -i '1i #!/bin/bash' "$work/ok" "$work/fails" "$work/gone"
chmod +x "$work/ok" "$work/fails" "$work/gone"

echo TAP version 13

"$fenced" >"$work/log" 2>&1
[ $? = 1 ] && grep -q 'cannot be read' "$work/log"
result "no configuration is an error"
config missing
"$fenced" >"$work/log" 2>&1
[ $? = 1 ] && grep -q 'not an executable' "$work/log"
result "a program that is not there is an error"

config ok "one two"
# what started the tests may ignore SIGHUP, and a shell cannot trap that
env --default-signal=HUP "$fenced" >"$work/log" 2>&1 &
pid=$!
request $ident 0123456789abcdef 192.0.2.7 client_reconnect
answered 0123456789abcdef fenced
result "success is answered"
logged "${stamp}server $ident fencing rid 0123456789abcdef at IP 192.0.2.7 for client_reconnect\$"
result "the request is logged"
logged '^agent: 2 args, last two, 0123456789abcdef at 192.0.2.7$'
result "the program has its arguments and environment"
[ "$(cat "$SCOUTFS_FENCED_SYSFS/$ident/fence/0123456789abcdef/error")" = 0 ]
result "success is no error"

config fails
kill -HUP $pid
logged 'configuration read again'
result "SIGHUP reads the configuration again"
request $ident 00000000000000aa 192.0.2.8 client_recovery
answered 00000000000000aa error
result "failure is answered"
[ "$(cat "$SCOUTFS_FENCED_SYSFS/$ident/fence/00000000000000aa/fenced")" = 0 ]
result "failure is no success"
logged "${stamp}server $ident fencing rid 00000000000000aa saw error status 7\$"
result "the status of the failure is logged"

config gone
kill -HUP $pid
sleep 0.5
request $ident 00000000000000bb 192.0.2.9 quorum_block_leader
logged '^agent: gone$'
result "a request vanishes while it is served"
request $ident 00000000000000cc 192.0.2.9 quorum_block_leader
for ((i = 0; i < 100; i++)); do
	[ -e "$SCOUTFS_FENCED_SYSFS/$ident/fence/00000000000000cc" ] || break
	sleep 0.1
done
[ ! -e "$SCOUTFS_FENCED_SYSFS/$ident/fence/00000000000000bb" ] &&
	[ ! -e "$SCOUTFS_FENCED_SYSFS/$ident/fence/00000000000000cc" ] && kill -0 $pid
result "the next one is served all the same, and nothing is left behind"
[ "$(grep -c 'fencing rid 0123456789abcdef at' "$work/log")" = 1 ]
result "an answered request is not served again"
kill $pid
wait $pid
result "SIGTERM ends it with 0"
pid=
echo "1..$nr"
exit $failed
