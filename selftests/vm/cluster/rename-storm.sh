#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Two mounts that rename the same files and directories lose none and make no loops.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
mkdir "$MNT0"/d{0..5}
for i in $(seq 0 39); do
	echo "$i" >"$MNT0/d$((i % 6))/f$i"
done
storm() {
	local mnt=$1 end=$((SECONDS + 20)) n=0 i from to

	RANDOM=$2
	while [ $SECONDS -lt $end ]; do
		i=$((RANDOM % 40)) from=$((RANDOM % 6)) to=$((RANDOM % 6))
		if [ $((RANDOM % 4)) = 0 ]; then
			# directories into each other
			fsop "$mnt" <<-EOF >/dev/null
				rename d$from d$to/sub = any
				rename d$to/sub d$from = any
			EOF
		else
			fsop "$mnt" <<-EOF >/dev/null
				rename d$from/f$i d$to/f$i noreplace = any
				rename d$to/f$i d$from/sub/f$i noreplace = any
			EOF
		fi
		n=$((n + 1))
	done
	echo "$n" >"/tmp/rounds.$2"
}
storm "$MNT0" 1 & one=$!
storm "$MNT1" 2 & two=$!
storm "$MNT1" 3 & three=$!
wait_all $one $two $three
say "rounds: $(cat /tmp/rounds.*)"
for n in 1 2 3; do
	[ "$(cat /tmp/rounds.$n)" -gt 3 ] || fail "storm $n stood still"
done
for mnt in "$MNT0" "$MNT1"; do
	find "$mnt" -type f -name 'f*' -printf '%f\n' | sort >/tmp/names
	seq -f 'f%.0f' 0 39 | sort | cmp - /tmp/names || fail "files of $mnt: $(cat /tmp/names)"
	[ "$(find "$mnt" -mindepth 1 -type d | wc -l)" = 6 ] || fail "directories of $mnt: $(find "$mnt" -type d)"
	find "$mnt" -type f -name 'f*' | while read -r file; do
		[ "f$(cat "$file")" = "${file##*/}" ] || fail "$file holds $(cat "$file")"
	done
done
diff <(cd "$MNT0" && find . -printf '%P %i %n %y\n' | sort) <(cd "$MNT1" && find . -printf '%P %i %n %y\n' | sort) ||
	fail "the mounts differ"
end_cluster
