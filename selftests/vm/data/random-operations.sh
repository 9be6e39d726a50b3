#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Random reads, writes, maps and truncates in four files at once match a model.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
pids=()
for seed in 1 2 3 4; do
	fsx -s $((seed + 10)) -n 2500 "$MNT/f$seed" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid"
done
# small ones, with their bytes inline or nearly so
fsx -s 7 -n 3000 -l 900 "$MNT/small"
fsx -s 8 -n 3000 -l 2500 "$MNT/small2"
# a larger one, with larger holes
fsx -s 99 -n 600 -l 4000000 "$MNT/large"
end_clean
