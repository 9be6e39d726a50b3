#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest long
# A mount comes and goes a hundred times while another works.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
umount_nth 1
mkdir "$MNT0/files"
: >/tmp/made
made() {
	wc -l </tmp/made
}
(
	i=0
	while [ ! -e /tmp/stop ]; do
		echo $i >"$MNT0/files/f$i"
		[ $((i % 50)) != 49 ] || sync -f "$MNT0"
		i=$((i + 1))
		echo $i >>/tmp/made
	done
) & worker=$!
for i in $(seq 100); do
	[ "$i" != 50 ] || before=$(made)
	mount_nth 1
	made=$(made)
	[ "$made" -lt 2 ] || grep -qx $((made - 2)) "$MNT1/files/f$((made - 2))" || fail "cycle $i: file $((made - 2)) is not seen"
	echo "$i" >"$MNT1/cycle"
	umount_nth 1
	grep -qx "$i" "$MNT0/cycle" || fail "cycle $i: its file is not seen"
done
touch /tmp/stop
wait $worker
[ "$(made)" -gt "$before" ] || fail "the other mount stood still"
say "$(made) files meanwhile"
[ "$(find "$MNT0/files" -type f | wc -l)" = "$(made)" ] || fail "files are missing"
[ -z "$(fence_dirs)" ] || fail "somebody is to be fenced: $(fence_dirs)"
end_cluster
