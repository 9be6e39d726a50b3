#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A lock of one mount keeps the others out: fcntl, OFD and flock, bytes and whole files, until it is gone.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
: >"$MNT0/f"
mkdir "$MNT0/d"

# hold_nth N TYPE FILE KIND [START LEN]: until release
hold_nth() {
	local mnt

	mnt=$(mnt_of "$1")
	rm -f /tmp/held /tmp/hold
	mkfifo /tmp/hold
	plock hold "$2" "$mnt/$3" "${@:4}" </tmp/hold >/tmp/held &
	holder=$!
	exec 7>/tmp/hold
	wait_until 20 grep -q held /tmp/held
}

release() {
	exec 7>&-
	wait $holder
}

free() {
	plock try "$@" || fail "not free: $*"
}

taken() {
	local ret=0

	plock try "$@" || ret=$?
	[ $ret = 1 ] || fail "not taken: $* ($ret)"
}

for type in posix ofd flock; do
	for n in 0 1; do
		other=$(mnt_of $((1 - n)))
		hold_nth $n $type f w
		taken $type "$other/f" w
		taken $type "$other/f" r
		taken $type "$(mnt_of $n)/f" r
		release
		free $type "$other/f" w
		hold_nth $n $type f r
		taken $type "$other/f" w
		free $type "$other/f" r
		release
	done
done
say "bytes"
hold_nth 0 posix f w 10 10
free posix "$MNT1/f" w 0 10
taken posix "$MNT1/f" w 0 11
taken ofd "$MNT1/f" r 19 1
free ofd "$MNT1/f" w 20 0
free flock "$MNT1/f" w
[ "$(plock get posix "$MNT1/f" r 0 0)" = "w 10 10 -$holder" ] || fail "F_GETLK: $(plock get posix "$MNT1/f" r 0 0)"
[ "$(plock get posix "$MNT0/f" r 0 0)" = "w 10 10 $holder" ] || fail "F_GETLK: $(plock get posix "$MNT0/f" r 0 0)"
[ "$(plock get ofd "$MNT1/f" w 20 5)" = free ] || fail "F_OFD_GETLK"
release
[ "$(plock get posix "$MNT1/f" w 0 0)" = free ] || fail "still: $(plock get posix "$MNT1/f" w 0 0)"
hold_nth 1 ofd f r 0 1
[ "$(plock get posix "$MNT0/f" w 0 0)" = "r 0 1 -1" ] || fail "F_GETLK of OFD: $(plock get posix "$MNT0/f" w 0 0)"
release
say "killed, directories"
hold_nth 0 posix f w
kill -KILL $holder
exec 7>&-
wait $holder 2>/dev/null || :
free posix "$MNT1/f" w
hold_nth 1 flock d w
taken flock "$MNT0/d" r
release
free flock "$MNT0/d" w
say "inherited: the last one who has it open unlocks"
exec 8>"$MNT0/f"
flock -x 8
sleep 1000 8>&8 &
sleeper=$!
exec 8>&-
taken flock "$MNT1/f" r
kill $sleeper
wait $sleeper 2>/dev/null || :
free flock "$MNT1/f" w
say "no leases that another mount could not break"
! plock lease "$MNT0/f" || fail "got a lease"
end_cluster
