#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# The root is inode 1, others begin at 1024, and no number comes twice.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
stat . ino = 1
stat .. ino != 1
open 0 a wr|creat
mkdir b
symlink x c
stat a ino >= 1024
stat b ino >= 1024
stat c ino >= 1024
stat b/.. ino = 1
EOF
: >/tmp/all
for round in 1 2 3; do
	manyfiles create "$MNT/b" 400 2
	find "$MNT/b" -type f -printf '%i\n' >>/tmp/all
	manyfiles unlink "$MNT/b" 400 2
	if [ $round = 2 ]; then
		remount_vol
	else
		sync
	fi
done
[ "$(wc -l </tmp/all)" = 1200 ] || fail "not 1200 numbers"
dup=$(sort /tmp/all | uniq -d)
[ -z "$dup" ] || fail "used twice: $dup"
# and they stay what they are
: >"$MNT/keep"
ino=$(stat -c %i "$MNT/keep")
remount_vol
[ "$(stat -c %i "$MNT/keep")" = "$ino" ] || fail "the number changed"
end_clean
