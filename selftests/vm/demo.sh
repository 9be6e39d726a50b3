#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job of "make run", inside the test machine: copies a real tree to a
# scoutfs volume, mounts that again and compares everything. FSTYPE=xfs does the
# same on XFS, to try the script itself.
. "$(dirname "$0")/../lib.sh"
FSTYPE=${FSTYPE:-scoutfs}
read -ra trees <<<"${TREES:-/usr/include /usr/share/doc}"

if [ "$FSTYPE" = xfs ]; then
	modprobe xfs
	mkfs_vol() { mkfs.xfs -q -f "$DATA"; }
	mount_vol() { mount "$DATA" "$MNT"; }
	check_vol() { xfs_repair -n "$DATA" >/dev/null 2>&1; }
fi

now() {
	date +%s.%N
}

# took START: seconds since then
took() {
	awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'
}

step() {
	printf '%-26s %s\n' "$1" "$2"
}

t=$(now)
mkfs_vol
step "mkfs.$FSTYPE" "$(took "$t") s"

t=$(now)
mount_vol
step "mount" "$(took "$t") s"

# wait_all PID...: every background job must have succeeded
wait_all() {
	local pid

	for pid in "$@"; do
		wait "$pid" || fail "a job failed"
	done
}

t=$(now)
pids=()
for tree in "${trees[@]}"; do
	mkdir -p "$MNT$(dirname "$tree")"
	cp -a "$tree" "$MNT$tree" &
	pids+=($!)
done
wait_all "${pids[@]}"
sync -f "$MNT"
step "copy ${trees[*]}" "$(took "$t") s, $(du -sh --apparent-size "$MNT" | cut -f1)"

# what such trees have few of
mkdir "$MNT/extra" /tmp/extra
make_extra() {
	cd "$1" || return
	echo one >file
	ln file hard-link-1
	ln file hard-link-2
	ln -s ../extra/file symlink
	ln -s "$(printf 'x%.0s' {1..1000})" long-symlink
	mkfifo fifo
	mknod null c 1 3
	truncate -s 1T sparse
	chmod 7711 file
	chown 1234:4321 symlink hard-link-1 -h
	setfattr -n trusted.extra -v value file
	touch -h -d '1971-02-03 04:05:06.123456789' file symlink fifo null sparse long-symlink .
	cd /
}
make_extra "$MNT/extra"
make_extra /tmp/extra

t=$(now)
umount_vol
step "umount" "$(took "$t") s"
t=$(now)
mount_vol
step "mount again" "$(took "$t") s"

t=$(now)
files=0 bytes=0
pids=()
for tree in "${trees[@]}"; do
	"$(dirname "$0")/compare-trees" "$tree" "$MNT$tree" >"/tmp/stats${tree//\//-}" &
	pids+=($!)
done
wait_all "${pids[@]}"
for tree in "${trees[@]}"; do
	read -r f d l b <"/tmp/stats${tree//\//-}"
	step "compared $tree" "$f files, $d directories, $l symlinks, $b bytes: no difference"
	files=$((files + f + d + l)) bytes=$((bytes + b))
done
# nobody reads 2^40 zeros
[ "$(stat -c %s "$MNT/extra/sparse")" = $((1 << 40)) ] || fail "sparse file's size"
truncate -s 1M "$MNT/extra/sparse" /tmp/extra/sparse
touch -d '1971-02-03 04:05:06.123456789' {"$MNT",/tmp}/extra/{sparse,.}
"$(dirname "$0")/compare-trees" /tmp/extra "$MNT/extra" >/dev/null ||
	fail "special files differ"
step "compared special files" "hard links, symlinks, xattrs, fifo, device, sparse: no difference"
step "compared" "$files objects, $bytes bytes, every byte and attribute, $(took "$t") s"

if [ "$FSTYPE" = scoutfs ]; then
	df -h "$MNT" | tail -n 1 | awk '{ print "df                         " $3 " of " $2 " used" }'
	for dev in "$META" "$DATA"; do
		step "$dev" "$(disk_stat "$dev" writes) writes, $(($(disk_stat "$dev" write_sectors) / 2048)) MiB, $(disk_stat "$dev" flushes) flushes, $(disk_stat "$dev" reads) reads"
	done
	for file in /sys/fs/scoutfs/*/counters/*; do
		[ -e "$file" ] || continue
		value=$(cat "$file")
		[ "$value" = 0 ] || step "  ${file##*/}" "$value"
	done
fi
t=$(now)
umount_vol
check_vol
step "fsck.$FSTYPE -n" "clean, $(took "$t") s"
echo "OK: $files objects, $bytes bytes came back unchanged"
