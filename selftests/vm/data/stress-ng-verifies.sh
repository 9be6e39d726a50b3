#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# The filesystem stressors of stress-ng verify what they do, one after another.
. "$(dirname "$0")/../../lib.sh"

require_cmd stress-ng
seconds=1
stressors="dentry dir fallocate fiemap filename getdent hdd link rename utime xattr"
if [ "$TEST_LONG" != 0 ]; then
	seconds=20
	stressors+=" chdir chmod dirdeep dup flock lockf locka seek symlink"
fi
mkfs_vol
mount_vol
mkdir "$MNT/work"
for stressor in $stressors; do
	stress-ng --temp-path "$MNT/work" --verify --timeout $seconds --hdd-bytes 8M \
		--fallocate-bytes 16M --fiemap-bytes 16M --seek-size 16M \
		"--$stressor" 1 >/tmp/stress.out 2>&1 ||
		fail "$stressor: $(tail -n 10 /tmp/stress.out)"
	[ -z "$(ls "$MNT/work")" ] || fail "$stressor leaves $(ls "$MNT/work")"
done
end_clean
