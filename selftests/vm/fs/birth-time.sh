#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# statx() tells when a file was made, whatever happens to it later.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
now=$(date +%s)
fsop "$MNT" <<EOF
open 0 f wr|creat
mkdir d
symlink x l
stat f btime >= $now
stat d btime >= $now
stat l btime >= $now
EOF
btime=$(fsop "$MNT" <<<"show stat f btime")
sleep 1.1
echo bytes >"$MNT/f"
chmod 600 "$MNT/f"
touch -d @1 "$MNT/f"
mv "$MNT/f" "$MNT/g"
remount_vol
fsop "$MNT" <<EOF
stat g btime = $btime
stat g ctime >= $((now + 1))
EOF
end_clean
