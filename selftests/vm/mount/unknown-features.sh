#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Unknown features and versions are refused, and named in the log.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
# both copies of the super block
super() {
	local at

	for at in 65536 131072; do
		[ "$(diskpage "$META" $at u32:0)" = $((0x70757373)) ] || continue
		diskpage "$META" $at "$1"
	done
}
refused() {
	super "$1"
	expect_error "wrong fs type, bad option" mount_vol
	expect_error "wrong fs type, bad option" mount_vol ro
	dmesg | tail -n 10 | grep -q "$3" || fail "the log does not say '$3'"
	super "$2"
}
refused u64:80=0x8000 u64:80=0 "unknown incompatible features 0x8000"
refused u32:88=3 u32:88=2 "format version 3 is not supported"
refused u32:88=0 u32:88=2 "format version 0 is not supported"
# a compatible one is nobody's business
super u64:64=0x8000
mount_vol
umount_vol
super u64:64=0
mount_vol
end_clean
