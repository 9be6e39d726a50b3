#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Processes that set and remove attributes of one file see whole values only.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
: >"$MNT/f"
pids=()
for who in 1 2 3 4; do
	{
		for i in $(seq 150); do
			echo "setx f user.shared #$((who * 10000 + i))"
			echo "let n getxsize f user.shared 65536 = any"
			echo "setx f user.own$who #$i"
			echo "getxsize f user.own$who 65536 = $i"
			echo "show echo @n"
			[ $((i % 10)) != 0 ] || echo "rmx f user.shared = any"
		done
	} | fsop "$MNT" >"/tmp/out.$who" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid"
done
# a size, or that it was just removed; "byte N differs" would be a mixture
if grep -vxE '[0-9]+|ENODATA' /tmp/out.*; then
	fail "a mixture of two values"
fi
remount_vol
for who in 1 2 3 4; do
	echo "getxsize f user.own$who 65536 = 150"
done | fsop "$MNT"
end_clean
