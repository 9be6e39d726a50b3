#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Flags set by one mount are obeyed by another at once, also with the file open.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
echo bytes >"$MNT0/f"
mkdir "$MNT0/d"
touch "$MNT0/d/f"
cd "$MNT1" || fail "no directory"
for ((i = 0; i < 4; i++)); do
	# all of it is cached there
	cat f d/f >/dev/null
	stat f d d/f >/dev/null
	exec 5>>f
	chattr +i "$MNT0/f" "$MNT0/d"
	case $i in
	0) expect_error "not permitted" rm f ;;
	1) expect_error "not permitted" chmod 600 f ;;
	2) expect_fail bash -c 'echo more >&5' ;;
	3) expect_fail bash -c 'echo more >>f' ;;
	esac
	expect_error "not permitted" ln f g
	expect_error "not permitted" setfattr -n trusted.a -v b f
	expect_error "not permitted" mv f g
	expect_error "not permitted" rm -f d/f
	expect_error "not permitted" touch d/new
	[ "$(lsattr -d f | cut -d' ' -f1 | tr -d -)" = i ] || fail "not shown"
	chattr -i f d
	echo more >>"$MNT0/f"
	exec 5>&-
done
[ "$(cat f)" = "$(printf 'bytes\nmore\nmore\nmore\nmore')" ] || fail "$(cat f)"
cd /
end_cluster
