#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Who waits for a lock of another mount can be interrupted and killed, and holds nothing then.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
: >"$MNT0/f"
for type in posix ofd flock; do
	exec 6>"$MNT1/f"
	if [ $type = flock ]; then
		flock -x 6
	else
		rm -f /tmp/hold /tmp/held
		mkfifo /tmp/hold
		plock hold $type "$MNT1/f" w </tmp/hold >/tmp/held & holder=$!
		exec 7>/tmp/hold
		wait_until 20 grep -q held /tmp/held
	fi
	ret=0
	plock wait 2 $type "$MNT0/f" w || ret=$?
	[ $ret = 2 ] || fail "$type: exit $ret, not a signal"
	plock wait 100 $type "$MNT0/f" w 6>&- 7>&- & waiter=$!
	sleep 1
	kill -KILL $waiter
	wait $waiter 2>/dev/null || :
	# another one waits and gets it
	plock wait 60 $type "$MNT0/f" w 6>&- 7>&- & waiter=$!
	sleep 1
	if [ $type = flock ]; then
		flock -u 6
	else
		exec 7>&-
		wait "$holder"
		rm -f /tmp/hold /tmp/held
	fi
	wait $waiter || fail "$type: the last one did not get it"
	exec 6>&-
	plock try $type "$MNT1/f" w || fail "$type: somebody holds it"
done
end_cluster
