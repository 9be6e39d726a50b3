#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest long timeout=1800
# Many thousand random operations with remounts match a model, with revocations too.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
for opts in "" lock=revoke; do
	mount_vol "$opts"
	export opts
	for seed in $(seq 100 115); do
		fsx -s "$seed" -n 5000 -l 400000 \
			-r 'umount "$MNT" && mount -t scoutfs -o "metadev_path=$META${opts:+,$opts}" "$DATA" "$MNT"' "$MNT/f"
	done
	pids=()
	for seed in $(seq 200 207); do
		fsx -s "$seed" -n 5000 -l 1000000 "$MNT/f$seed" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	umount_vol
	check_vol
done
