#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Two mounts create the same names at the same time: open(2) gives both the one file, with O_EXCL one of them.
. "$(dirname "$0")/../../lib.sh"

cd "$(mktemp -d)" || fail "no directory"
setup_cluster 2
names=30

# meet NAME N: goes on when the other one has come as far
meet() {
	: >"$1.$2"
	while [ ! -e "$1.$((1 - $2))" ]; do :; done
}

create_all() {
	local mnt i

	mnt=$(mnt_of "$1")
	for ((i = 0; i < names; i++)); do
		meet "c$i" "$1"
		echo "$1" >>"$mnt/f$i" || return 1
	done
}

create_excl() {
	local mnt i

	mnt=$(mnt_of "$1")
	set -o noclobber
	for ((i = 0; i < names; i++)); do
		meet "x$i" "$1"
		{ : >"$mnt/x$i" && echo "$i" >>"won.$1"; } 2>/dev/null || :
	done
}

create_all 0 & a=$!
create_all 1 & b=$!
wait_all $a $b
for ((i = 0; i < names; i++)); do
	[ "$(sort "$MNT0/f$i" | tr -d '\n')" = 01 ] || fail "f$i has: $(cat "$MNT0/f$i")"
	[ "$(stat -c %i "$MNT0/f$i")" = "$(stat -c %i "$MNT1/f$i")" ] || fail "f$i: two inodes"
done
: >"won.0"
: >"won.1"
create_excl 0 & a=$!
create_excl 1 & b=$!
wait_all $a $b
say "with O_EXCL mount 0 made $(wc -l <won.0), mount 1 $(wc -l <won.1)"
[ "$(sort -n won.0 won.1 | tr '\n' ' ')" = "$(seq 0 $((names - 1)) | tr '\n' ' ')" ] || fail "won: $(sort -n won.0 won.1 | tr '\n' ' ')"
end_cluster
