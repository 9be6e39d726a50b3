#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A dump that takes many messages has each lock once.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir "$MNT/"{1..600}
sync
scoutfs locks list --json "$MNT" >/tmp/locks
python3 - <<'END'
import json
locks = json.load(open("/tmp/locks"))["locks"]
names = [(l["type"], l["number"]) for l in locks]
assert len(names) >= 600, len(names)
assert len(set(names)) == len(names), "doubles"
END
[ "$(scoutfs locks list "$MNT" | wc -l)" -gt 600 ] || fail "not as text"
end_clean
