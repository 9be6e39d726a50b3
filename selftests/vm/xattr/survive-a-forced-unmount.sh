#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# An attribute that was set and synced is there after a forced unmount, whole.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f wr|creat
setx f user.a #50000
setx f trusted.b kept
fsync 0
setx f user.a #60000
EOF
umount -f "$MNT"
forget_guard
mount_vol
fsop "$MNT" <<'EOF'
getx f trusted.b = kept
let n getxsize f user.a 65536
show getxsize f user.a 65536
echo @n >= 50000
EOF
end_clean
