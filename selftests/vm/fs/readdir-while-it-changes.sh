#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Entries that are there during a whole scan appear exactly once.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir "$MNT/d"
fsop "$MNT/d" <<<'many keep 2000'
touch /tmp/run
(
	i=0
	while [ -e /tmp/run ]; do
		i=$((i + 1))
		: >"$MNT/d/come$i"
		mv "$MNT/d/come$i" "$MNT/d/go$i"
		rm "$MNT/d/go$i"
	done
) &
for _ in 1 2 3 4 5; do
	# unsorted: as readdir gives it
	find "$MNT/d" -name 'keep*' -printf '%f\n' >/tmp/seen
	[ "$(wc -l </tmp/seen)" = 2000 ] || fail "saw $(wc -l </tmp/seen) entries"
	[ "$(sort -u /tmp/seen | wc -l)" = 2000 ] || fail "an entry appeared twice"
done
rm /tmp/run
wait
end_clean
