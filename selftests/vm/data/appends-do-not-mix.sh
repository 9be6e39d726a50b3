#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Lines that processes append to one file at once are all there and whole.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
pids=()
for who in a b c d; do
	for i in $(seq 300); do
		printf '%s %0*d\n' $who $((i % 60 + 4)) "$i"
	done >/tmp/lines.$who
	perl -e 'open(my $in, "<", $ARGV[0]); open(my $out, ">>", $ARGV[1]);
		while (<$in>) { syswrite($out, $_) == length or die "$!" }' /tmp/lines.$who "$MNT/f" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid"
done
for who in a b c d; do
	grep "^$who " "$MNT/f" | cmp - /tmp/lines.$who
done
[ "$(wc -l <"$MNT/f")" = 1200 ] || fail "$(wc -l <"$MNT/f") lines"
end_clean
