#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A mount cannot freeze what others write to, and says so.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
expect_error "not supported" fsfreeze -f "$MNT0"
echo x >"$MNT0/f"
[ "$(cat "$MNT1/f")" = x ] || fail "bytes"
end_cluster
