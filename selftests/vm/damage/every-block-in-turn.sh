#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest damages
# Whatever single block is damaged: errors, no oops, and a sound volume after its repair.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/damage/blocks.bash
. "$(dirname "$0")/blocks.bash"

mkfs_vol --group-inodes=16
mount_vol
mkdir "$MNT/a"
manyfiles create "$MNT/a" 40
fsop "$MNT/a" <<'EOF'
setx p0-1 user.big #30000
symlink x{3000} l
EOF
dd if=/dev/zero of="$MNT/a/data" bs=64k count=4 status=none
umount_vol
mapfile -t blocks < <(scoutfs print "$META" | sed -n 's/.*="height [1-9][0-9]* block \([0-9]*\) .*/\1/p' | sort -un)
say "${#blocks[@]} trees"
# further blocks of the trees: the lowest numbers in use
for ((i = 0; i < 40; i++)); do
	blocks+=($((192 + i)))
done
mapfile -t blocks < <(printf '%s\n' "${blocks[@]}" | sort -un)
n=0
for block in "${blocks[@]}"; do
	dd if="$META" of=/tmp/before bs=4096 skip="$block" count=1 status=none
	[ "$(od -A n -t x4 -N 4 /tmp/before)" = " 72746273" ] || continue
	n=$((n + 1))
	flip "$block" $((RANDOM % 4096))
	if mount_vol ro 2>/dev/null; then
		find "$MNT" -ls >/dev/null 2>&1 || :
		cat "$MNT"/a/* >/dev/null 2>&1 || :
		getfattr -d -m - "$MNT"/a/* >/dev/null 2>&1 || :
		umount_vol
	fi
	dd if=/tmp/before of="$META" bs=4096 seek="$block" count=1 conv=notrunc,fsync status=none
done
say "$n blocks damaged, one after another"
[ $n -ge 8 ] || fail "only $n blocks"
