#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Lines that two mounts append to one file at the same time are all there, whole.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
: >"$MNT0/log"
append() {
	local i

	for ((i = 0; i < 150; i++)); do
		echo "$1 $i $(printf "$1%.0s" {1..50})" >>"$2/log"
	done
}
pids=()
for who in a b; do
	append $who "$MNT0" & pids+=($!)
done
for who in c d; do
	append $who "$MNT1" & pids+=($!)
done
wait_all "${pids[@]}"
for who in a b c d; do
	for ((i = 0; i < 150; i++)); do
		echo "$who $i $(printf "$who%.0s" {1..50})"
	done
done | sort >/tmp/want
for mnt in "$MNT0" "$MNT1"; do
	diff -a <(sort "$mnt/log") /tmp/want >/tmp/diff || { head -n 20 /tmp/diff | cut -c 1-70 | cat -v; fail "lines are wrong in $mnt"; }
done
# in the order of each writer
for who in a b c d; do
	grep "^$who" "$MNT0/log" | awk '$2 != NR - 1 { exit 1 }' || fail "$who's lines are out of order"
done
end_cluster
