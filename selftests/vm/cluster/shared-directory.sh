#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Two mounts create in one directory at once: all names are there, and of equal names one wins.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
mkdir "$MNT0/d"
pids=()
for i in 0 1; do
	clusterbench create 0 "$(mnt_of $i)/d" "m$i" 800 >"/tmp/rate.$i" & pids+=($!)
done
wait_all "${pids[@]}"
cat /tmp/rate.*
for mnt in "$MNT0" "$MNT1"; do
	clusterbench stat 0 "$mnt/d" m0 800
	clusterbench stat 0 "$mnt/d" m1 800
	[ "$(find "$mnt/d" -type f | wc -l)" = 1600 ] || fail "$mnt/d has $(find "$mnt/d" -type f | wc -l) files"
done
[ "$(find "$MNT0/d" -type f -printf '%i\n' | sort -u | wc -l)" = 1600 ] || fail "an inode number came twice"
# no processes of its own, which would take most of the time
claim() {
	local i dir

	dir=$(mnt_of "$1")/d
	set -C
	for ((i = 0; i < 300; i++)); do
		if { echo "$1" >"$dir/claim$i"; } 2>/dev/null; then
			echo "$i"
		fi
	done >|"/tmp/won.$1"
}
claim 0 & one=$!
claim 1 & two=$!
wait_all $one $two
say "won: $(wc -l </tmp/won.0) and $(wc -l </tmp/won.1)"
sort -n /tmp/won.0 /tmp/won.1 | cmp - <(seq 0 299) || fail "some names have no creator or two"
for i in 0 1; do
	other=$(mnt_of $((1 - i)))
	while read -r nr; do
		read -r owner <"$other/d/claim$nr"
		[ "$owner" = $i ] || fail "claim$nr is not $i's"
	done <"/tmp/won.$i"
done
end_cluster
