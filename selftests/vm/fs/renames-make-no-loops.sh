#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Directories that processes move into each other stay one tree.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
cd "$MNT" || exit
mkdir -p a b c
for d in a b c; do
	mkdir -p $d/1/2
	: >$d/1/2/file-$d
done
mover() {
	local names=(a b c 1 2 a/1 b/1 c/1 a/1/2 b/1/2 c/1/2 a/b b/a a/c c/b b/c c/a)
	local i

	RANDOM=$1
	for ((i = 0; i < 400; i++)); do
		echo "rename ${names[RANDOM % ${#names[@]}]} ${names[RANDOM % ${#names[@]}]} exchange = any"
		echo "rename ${names[RANDOM % ${#names[@]}]} ${names[RANDOM % ${#names[@]}]} = any"
	done | fsop "$MNT"
}
pids=()
for seed in 1 2 3 4; do
	mover $seed &
	pids+=($!)
done
wait "${pids[@]}"
[ "$(find . -name 'file-*' | wc -l)" = 3 ] || fail "files are out of reach: $(find .)"
# a loop would be unreachable, and its link counts wrong
links=$(stat -c %h .)
[ "$links" = $((2 + $(find . -mindepth 1 -maxdepth 1 -type d | wc -l))) ] || fail "nlink $links"
cd /
end_clean
