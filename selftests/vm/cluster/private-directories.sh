#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Mounts that create in directories of their own get along, and see each other's files.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 3
mkdir "$MNT0/0" "$MNT1/1" "$MNT2/2"
pids=()
for i in 0 1 2; do
	clusterbench create 0 "$(mnt_of $i)/$i" f 1500 >"/tmp/rate.$i" & pids+=($!)
done
wait_all "${pids[@]}"
cat /tmp/rate.*
for i in 0 1 2; do
	other=$(mnt_of $(((i + 1) % 3)))/$i
	clusterbench stat 0 "$other" f 1500
	[ "$(find "$other" -type f | wc -l)" = 1500 ] || fail "$other has $(find "$other" -type f | wc -l) files"
done
# each removes what another made
pids=()
for i in 0 1 2; do
	mnt=$(mnt_of $(((i + 1) % 3)))
	rm -r "${mnt:?}/$i" & pids+=($!)
done
wait_all "${pids[@]}"
for mnt in "$MNT0" "$MNT1" "$MNT2"; do
	[ -z "$(ls -A "$mnt")" ] || fail "left in $mnt: $(ls -A "$mnt")"
done
end_cluster
