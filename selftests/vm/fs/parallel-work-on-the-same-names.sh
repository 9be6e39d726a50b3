#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Processes that make and remove the same names leave no traces.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
cd "$MNT" || exit
mkdir d
work() {
	local i n

	RANDOM=$1
	for ((i = 0; i < 400; i++)); do
		n=$((RANDOM % 8))
		case $((RANDOM % 8)) in
		0) echo "open 0 d/$n wr|creat = any" ;;
		1) echo "open 0 d/$n wr|creat|excl = any" ;;
		2) echo "unlink d/$n = any" ;;
		3) echo "mkdir d/$n = any" ;;
		4) echo "rmdir d/$n = any" ;;
		5) echo "link d/$n d/$((RANDOM % 8)) = any" ;;
		6) echo "symlink x d/$n = any" ;;
		7) echo "rename d/$n d/$((RANDOM % 8)) = any" ;;
		esac
	done | fsop .
}
pids=()
for seed in 1 2 3 4; do
	work $seed &
	pids+=($!)
done
wait "${pids[@]}"
find d -ls >/dev/null
rm -rf d/*
[ "$(stat -c %h:%s d)" = 2:0 ] || fail "an empty directory is $(stat -c %h:%s d)"
rmdir d
cd /
end_clean
