#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A walk over directories that another mount changed since the last walk gets their groups ahead, too.
. "$(dirname "$0")/../../lib.sh"

nr=200
counter() {
	cat "$(sysfs_of 0)/counters/$1"
}
setup_cluster 2
wait_leader >/dev/null
mkdir "$MNT0/top"
(cd "$MNT0/top" && seq $nr | xargs mkdir)
[ "$(find "$MNT0" -type d -links 2 | wc -l)" = $nr ]
# changed_walks WHAT: two of them, the first one tells that there are walks
changed_walks() {
	local before ahead i

	for i in 1 2; do
		before=$(counter group_ahead)
		# each group goes to the other mount; names and inodes stay in the caches here
		(cd "$MNT1/top" && seq -f "%g/$1$i" $nr | xargs touch)
		[ "$1" != names ] || touch "$MNT1/top/$1$i"
		find "$MNT0" -type f -size 0 >/dev/null
		ahead=$(($(counter group_ahead) - before))
		say "$1, walk $i: $ahead of $nr groups were got ahead"
	done
	[ $ahead -gt $((nr / 4)) ] || fail "$1 changed: only $ahead groups were got ahead"
}
changed_walks attributes
changed_walks names
[ "$(find "$MNT0" -type f -size 0 | wc -l)" = $((4 * nr + 2)) ] || fail "not all files are seen"
end_cluster
