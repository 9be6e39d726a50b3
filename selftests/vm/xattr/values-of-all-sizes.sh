#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Values keep their bytes, whatever size follows whatever size.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
sizes="0 1 7 100 999 1000 1001 1024 2048 3000 4000 4095 4096 4097 8191 8192 10000 16384 32768 50000 65535"
{
	echo "open 0 f wr|creat"
	for s in $sizes; do
		echo "setx f user.s$s #$s"
		echo "getxsize f user.s$s 65536 = $s"
	done
	# the same name grows and shrinks
	for s in 10 65535 10 4096 0 30000 1 1000 999 65535 0; do
		echo "setx f user.same #$s"
		echo "getxsize f user.same 65536 = $s"
		echo "getxsize f user.same 0 = $s"
	done
} | fsop "$MNT"
sync
remount_vol
{
	for s in $sizes; do
		echo "getxsize f user.s$s 65536 = $s"
	done
	echo "getxsize f user.same 65536 = 0"
	for s in $sizes; do
		echo "rmx f user.s$s"
		echo "getxsize f user.s$s 65536 = ENODATA"
	done
	echo "countx f = 1"
	echo "setx f user.last #65535"
} | fsop "$MNT"
rm "$MNT/f"
end_clean
