#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# RENAME_NOREPLACE never replaces; one of two racing renames wins.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 a wr|creat
open 1 b wr|creat
mkdir d
mkdir d/e
rename a b noreplace = EEXIST
rename a d noreplace = EEXIST
rename a a noreplace = EEXIST
rename d/e d noreplace = EEXIST
rename missing x noreplace = ENOENT
rename a c noreplace
rename d/e e noreplace
ls . = b d c e
rename c b bad = EINVAL
rename c b noreplace|exchange = EINVAL
EOF

# 50 names that two processes fight for
mkdir "$MNT/race"
for who in 1 2; do
	for i in $(seq 50); do
		echo "open 0 race/$who-$i wr|creat"
	done | fsop "$MNT"
done
for who in 1 2; do
	for i in $(seq 50); do
		echo "let r rename race/$who-$i race/$i noreplace = any"
		echo "echo @r != ENOENT"
	done | fsop "$MNT" >"/tmp/race.$who" &
done
wait
cd "$MNT/race" || exit
[ "$(find . -type f | wc -l)" = 100 ] || fail "a file was lost"
for i in $(seq 50); do
	[ -e "$i" ] || fail "nobody won $i"
	n=$(find . -name "[12]-$i" | wc -l)
	[ "$n" = 1 ] || fail "$n of the two files for $i are left"
done
cd /
end_clean
