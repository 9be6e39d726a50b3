#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A file server's load, as dbench replays it for several clients, meets no error.
. "$(dirname "$0")/../../lib.sh"

require_cmd dbench
seconds=6
[ "$TEST_LONG" = 0 ] || seconds=120
mkfs_vol
mount_vol
load=/usr/share/dbench/client.txt
[ -e $load ] || fail "no $load"
mkdir "$MNT/work"
dbench -c $load -D "$MNT/work" -t $seconds 3 >/tmp/dbench.out 2>&1 ||
	fail "dbench: $(tail -n 20 /tmp/dbench.out)"
grep '^Throughput' /tmp/dbench.out || fail "no result: $(tail -n 20 /tmp/dbench.out)"
# it goes on after some errors, and says so; the semaphore is that of its own start
grep -v 'barrier semaphore' /tmp/dbench.out >/tmp/dbench.said
expect_fail grep -iE 'failed|unable|unexpected|Structure needs' /tmp/dbench.said
end_clean
