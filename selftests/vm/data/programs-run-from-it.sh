#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Programs and scripts run from the volume, also after they were replaced.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
cp /bin/busybox "$MNT/busybox"
[ "$("$MNT/busybox" echo works)" = works ] || fail "does not run"
drop_caches
[ "$("$MNT/busybox" echo works)" = works ] || fail "does not run from the device"
"$MNT/busybox" sleep 30 &
pid=$!
sleep 0.5
expect_error "Text file busy" cp /bin/busybox "$MNT/busybox"
cp /bin/busybox "$MNT/new"
mv "$MNT/new" "$MNT/busybox"
rm "$MNT/busybox"
kill $pid
wait $pid || :
printf '#!/bin/sh\necho script\n' >"$MNT/script"
expect_error "Permission denied" "$MNT/script"
chmod +x "$MNT/script"
[ "$("$MNT/script")" = script ] || fail "the script does not run"
end_clean
