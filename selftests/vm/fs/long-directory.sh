#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest alone
# 50,000 names in a directory: create, list, look up and remove in bounded time.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir "$MNT/d"
start=$SECONDS
manyfiles create "$MNT/d" 50000 2
say "create: $((SECONDS - start)) s"
drop_caches
start=$SECONDS
[ "$(find "$MNT/d" -type f | wc -l)" = 50000 ] || fail "not 50000 names"
say "list: $((SECONDS - start)) s"
start=$SECONDS
fsop "$MNT/d" <<'EOF'
stat p0-0 size = 0
stat p1-24999 size = 0
stat p0-12345 size = 0
stat p0-25000 size = ENOENT
open 0 p0-25000 wr|creat
unlink p0-25000
rename p1-24999 p1-0
rename p1-0 p1-24999
open 0 p1-0 wr|creat
EOF
say "look-ups: $((SECONDS - start)) s"
[ $((SECONDS - start)) -lt $((10 * TEST_SLOW)) ] || fail "look-ups are slow"
start=$SECONDS
manyfiles unlink "$MNT/d" 50000 2
say "unlink: $((SECONDS - start)) s"
rmdir "$MNT/d"
end_clean
