#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Bytes of small files that one mount writes are what the others read, inline or not.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
a=$(mnt_of 0) b=$(mnt_of 1)
for ((i = 0; i < 25; i++)); do
	printf 'line %d\n' $i >>"$a/f"
	cp "$a/f" /tmp/f
	cmp "$b/f" /tmp/f
	printf 'other %d\n' $i >>"$b/f"
	printf 'other %d\n' $i >>/tmp/f
	cmp "$a/f" /tmp/f
done
# a file whose size goes back and forth across what an item can hold
for ((i = 0; i < 14; i++)); do
	size=$(((i * 397) % 2400 + 1))
	head -c $size /dev/urandom >/tmp/g
	if ((i % 2)); then to=$a from=$b; else to=$b from=$a; fi
	cat /tmp/g >"$to/g"
	cmp "$from/g" /tmp/g
	truncate -s $((size / 2)) "$from/g"
	truncate -s $((size / 2)) /tmp/g
	cmp "$to/g" /tmp/g
done
end_cluster
