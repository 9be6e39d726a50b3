#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A position in a directory means the same after a remount, whatever else changes.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir "$MNT/d"
fsop "$MNT/d" <<<'many f 3000'
fsop "$MNT/d" <<'EOF'
lsfrom . 2999 = f2997 f2998 f2999
EOF
# every second one goes, and there are new ones
(cd "$MNT/d" && seq 0 2 2999 | sed 's/^/f/' | xargs rm)
: >"$MNT/d/late"
remount_vol
fsop "$MNT/d" <<'EOF'
lsfrom . 2999 = f2997 f2999 late
lsfrom . 2998 = f2997 f2999 late
lsfrom . 3000 = f2999 late
lsfrom . 3002 = late
EOF
[ "$(find "$MNT/d" -type f | wc -l)" = 1501 ] || fail "not 1501 files"
end_clean
