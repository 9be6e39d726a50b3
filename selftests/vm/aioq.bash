# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Requests of asynchronous direct I/O in "$MNT0/f" that the device does not begin with,
# because dm device data0 is suspended; sourced by tests.

# queue OP BYTES: 16 requests, see bin/aioq.c; leaves $queue. One before them, of
# PRIME_OP and PRIME, reads the mapping and finds no privileges to take away.
queue() {
	aioq "${PRIME_OP:-write}" "$MNT0/f" 1 "${PRIME:-a}" >/dev/null
	dmsetup suspend --nolockfs --noflush data0
	aioq "$1" "$MNT0/f" 16 "$2" >/tmp/aioq.out &
	queue=$!
	wait_until 10 grep -q submitted /tmp/aioq.out
}

# waits COMMAND...: it is not over before the requests are, and all succeed
waits() {
	"$@" &
	sleep 1
	kill -0 $! 2>/dev/null || fail "did not wait: $*"
	[ "$(wc -l </tmp/aioq.out)" = 1 ] || fail "the requests are done"
	dmsetup resume data0
	wait $! || fail "failed: $*"
	wait $queue || fail "the requests failed beside: $*"
	grep -q "done 16 failed 0" /tmp/aioq.out || fail "$(cat /tmp/aioq.out)"
}
