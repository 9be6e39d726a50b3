#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# RLIMIT_FSIZE ends a write with SIGXFSZ or EFBIG.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
expect_error "File too large" bash -c 'trap "" XFSZ; ulimit -f 16
	exec dd if=/dev/zero of="$1" bs=4k count=8 status=none' - "$MNT/f"
[ "$(stat -c %s "$MNT/f")" = 16384 ] || fail "size $(stat -c %s "$MNT/f")"
expect_error "File too large" bash -c 'trap "" XFSZ; ulimit -f 16; exec truncate -s 16385 "$1"' - "$MNT/f"
bash -c 'ulimit -f 16; exec truncate -s 16384 "$1"' - "$MNT/g"
end_clean
