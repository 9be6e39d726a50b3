#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# When data alone is full, calls that need data are ENOSPC, and all others work.
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../errno.bash"

mkfs_vol -d 64M
mount_vol
errno_on "$MNT" enospc_data || fail "not what the table says"
end_clean
