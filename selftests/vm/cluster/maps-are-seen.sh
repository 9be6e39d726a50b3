#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A shared map of one mount sees what the other writes, by map and by call.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
truncate -s 64K "$MNT0/f"
twomaps "$MNT0/f" "$MNT1/f" 300
# with nobody having it in cache before
umount_all
mount_all 2
twomaps "$MNT1/f" "$MNT0/f" 100
end_cluster
