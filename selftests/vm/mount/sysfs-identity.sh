#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# /sys/fs/scoutfs has each mount's identity in the ABI's formats.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
[ -z "$(find /sys/fs/scoutfs -mindepth 1 2>/dev/null)" ] || fail "something is there before the mount"
mount_vol
dir=$(echo /sys/fs/scoutfs/*)
[ -d "$dir" ] || fail "no directory: $dir"
fsid=$(cat "$dir/fsid")
rid=$(cat "$dir/rid")
[[ $fsid =~ ^[0-9a-f]{16}$ ]] || fail "fsid is $fsid"
[[ $rid =~ ^[0-9a-f]{16}$ ]] || fail "rid is $rid"
[ "$(basename "$dir")" = "f.${fsid:0:6}.r.${rid:0:6}" ] || fail "the directory is $dir"
[ "$(stat -c %a "$dir/fsid" "$dir/rid" "$dir/format_version" "$dir/data_device_maj_min" | sort -u)" = 444 ] ||
	fail "modes of the identity"
# newlines are part of it
[ "$(wc -c <"$dir/fsid")$(wc -l <"$dir/fsid")" = 171 ] || fail "fsid has no newline"
[ "$(wc -c <"$dir/rid")$(wc -l <"$dir/rid")" = 171 ] || fail "rid has no newline"
cmp "$dir/format_version" <(echo 2)
cmp "$dir/data_device_maj_min" "/sys/class/block/$(basename "$(readlink -f "$DATA")")/dev"

opts=$dir/mount_options
[ "$(cat "$opts/metadev_path")" = "$META" ] || fail "metadev_path"
cmp "$opts/metadev_path" <(printf %s "$META")
cmp "$opts/quorum_slot_nr" <(echo -1)
cmp "$opts/orphan_scan_delay_ms" <(printf 10000)
[ "$(stat -c %a "$opts/metadev_path")$(stat -c %a "$opts/quorum_slot_nr")" = 444444 ] || fail "modes of read-only options"
[ "$(cd "$opts" && echo *)" = "data_prealloc_blocks data_prealloc_contig_only ino_alloc_per_lock lock_idle_count log_merge_wait_timeout_ms metadev_path orphan_scan_delay_ms quorum_heartbeat_timeout_ms quorum_slot_nr" ] ||
	fail "options: $(ls "$opts")"
set_opt() {
	dd of="$opts/$1" status=none <<<"$2"
}
set_opt orphan_scan_delay_ms 200
[ "$(cat "$opts/orphan_scan_delay_ms")" = 200 ] || fail "a write did not change the option"
set_opt data_prealloc_blocks 0x10
[ "$(cat "$opts/data_prealloc_blocks")" = 16 ] || fail "hexadecimal"
grep -q "data_prealloc_blocks=16,.*orphan_scan_delay_ms=200" /proc/mounts || fail "/proc/mounts does not follow"
for bad in 99 60001 x "" -1; do
	expect_error "Invalid argument" set_opt orphan_scan_delay_ms "$bad"
done
[ "$(cat "$opts/orphan_scan_delay_ms")" = 200 ] || fail "a bad write changed the option"

n=0
for file in "$dir"/counters/*; do
	[[ $(cat "$file") =~ ^-?[0-9]+$ ]] || fail "$file is $(cat "$file")"
	n=$((n + 1))
done
[ $n -gt 5 ] || fail "only $n counters"
expect_fail dd of="$file" status=none <<<0
umount_vol
[ ! -e "$dir" ] || fail "the directory outlived the mount"
mount_vol
[ "$(cat /sys/fs/scoutfs/*/rid)" != "$rid" ] || fail "the rid came twice"
[ "$(cat /sys/fs/scoutfs/*/fsid)" = "$fsid" ] || fail "the fsid changed"
end_clean
