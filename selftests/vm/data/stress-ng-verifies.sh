#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# The filesystem stressors of stress-ng verify what they do, one after another.
. "$(dirname "$0")/../../lib.sh"

require_cmd stress-ng
seconds=1
[ "$TEST_LONG" = 0 ] || seconds=20
mkfs_vol
mount_vol
mkdir "$MNT/work"
for stressor in chdir chmod dentry dir dirdeep dup fallocate fiemap filename flock \
		getdent hdd link lockf locka rename seek symlink unlink utime xattr; do
	stress-ng --temp-path "$MNT/work" --verify --timeout $seconds --hdd-bytes 8M \
		--fallocate-bytes 16M --fiemap-bytes 16M --seek-size 16M \
		--$stressor 1 >/tmp/stress.out 2>&1 ||
		fail "$stressor: $(tail -n 10 /tmp/stress.out)"
	[ -z "$(ls "$MNT/work")" ] || fail "$stressor leaves $(ls "$MNT/work")"
done
end_clean
