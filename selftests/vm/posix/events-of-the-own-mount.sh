#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# inotify and fanotify tell what this mount's programs do.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir "$MNT/d"
for kind in inotify fanotify; do
	rm -f /tmp/events "$MNT"/d/*
	fsevents $kind "$MNT/d" >/tmp/events &
	pid=$!
	wait_until 10 grep -q ready /tmp/events
	echo x >"$MNT/d/f"
	chmod 600 "$MNT/d/f"
	mv "$MNT/d/f" "$MNT/d/g"
	ln "$MNT/d/g" "$MNT/d/h"
	cat "$MNT/d/g" >/dev/null
	rm "$MNT/d/g"
	rmdir "$MNT/d" 2>/dev/null || :
	touch "$MNT/d/end"
	wait_until 10 grep -q "create end" /tmp/events
	kill $pid
	wait $pid || :
	for event in "create f" "modify f" "attrib f" "from f" "to g" "create h" \
		     "access g" "delete g" "close_write f"; do
		grep -qx "$event" /tmp/events || fail "$kind: no '$event' in: $(cat /tmp/events)"
	done
done
end_clean
