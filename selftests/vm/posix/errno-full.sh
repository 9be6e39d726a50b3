#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Calls that need space are ENOSPC on a full volume; others work, and what deletes gives
# it back.
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../errno.bash"

mkfs_vol -m 32M -d 64M
mount_vol
errno_on "$MNT" enospc || fail "not what the table says"
end_clean
