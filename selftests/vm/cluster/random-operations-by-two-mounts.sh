#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Random operations on one file, each by one of two mounts, match a model by both.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
ops=500
[ "$TEST_LONG" = 0 ] || ops=20000
: >"$MNT0/f"
fsx -s 1 -n $ops "$MNT0/f" "$MNT1/f"
: >"$MNT0/large"
fsx -s 2 -n $((ops / 5)) -l 4000000 "$MNT1/large" "$MNT0/large"
end_cluster
