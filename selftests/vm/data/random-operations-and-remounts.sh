#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Random operations match a model across unmounts, mounts and cache drops.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
cat >/tmp/again <<'EOF'
set -e
n=$(cat /tmp/n 2>/dev/null || echo 0)
echo $((n + 1)) >/tmp/n
sync
echo 3 >/proc/sys/vm/drop_caches
if [ $((n % 2)) = 0 ]; then
	umount "$MNT"
	mount -t scoutfs -o "metadev_path=$META" "$DATA" "$MNT"
fi
EOF
for seed in 5 6 7; do
	fsx -s $seed -n 3000 -r "bash /tmp/again" "$MNT/f"
done
say "$(cat /tmp/n) times"
[ "$(cat /tmp/n)" -ge 6 ] || fail "hardly ever remounted"
end_clean
