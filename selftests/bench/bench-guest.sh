#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench-guest.sh FSTYPE RUN: one pass of all steps in the test machine on a new
# filesystem; prints "RESULT fs step value unit" lines.
. "$(dirname "$0")/../lib.sh"
fs=$1
files=${BENCH_FILES:-20000}
dirs=${BENCH_DIRS:-5000}
fsyncs=${BENCH_FSYNCS:-500}
mib=${BENCH_MIB:-512}

case $fs in
scoutfs)
	devs=("$META" "$DATA")
	command -v mkfs.scoutfs >/dev/null || skip "no mkfs.scoutfs"
	modprobe scoutfs || skip "no scoutfs module"
	mkfs_bench() { mkfs_vol; }
	mount_bench() { mount_vol; }
	;;
xfs)
	devs=(/dev/sfs-xfs)
	modprobe xfs || skip "no xfs"
	mkfs_bench() { mkfs.xfs -q -f /dev/sfs-xfs; }
	mount_bench() { mount /dev/sfs-xfs "$MNT"; }
	;;
ext4)
	devs=(/dev/sfs-ext4)
	modprobe ext4 2>/dev/null || :
	grep -qw ext4 /proc/filesystems || skip "no ext4"
	mkfs_bench() {
		mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 /dev/sfs-ext4
	}
	mount_bench() { mount -t ext4 /dev/sfs-ext4 "$MNT"; }
	;;
btrfs)
	devs=(/dev/sfs-btrfs)
	modprobe btrfs 2>/dev/null || skip "no btrfs"
	mkfs_bench() { mkfs.btrfs -q -f /dev/sfs-btrfs; }
	mount_bench() { mount -t btrfs /dev/sfs-btrfs "$MNT"; }
	;;
*) fail "no filesystem $fs" ;;
esac

result() {
	echo "RESULT $fs $1 $2 $3"
}

# step NAME STEP COUNT UNIT [BYTES [DIRECTORY]]: rate of one step
step() {
	local line

	line=$(fsbench "$2" "$MNT/${6:-b}" "$3" "${5:-4096}")
	result "$1" "$(awk '{ printf "%.1f", $2 / $3 }' <<<"$line")" "$4"
	synced=$(awk '{ printf "%.1f", $2 / ($3 + $4) }' <<<"$line")
	p99=$(awk '{ print $5 }' <<<"$line")
}

# seconds COMMAND...: how long it and a sync of the filesystem take
seconds() {
	local start

	start=$(date +%s.%N)
	"$@"
	sync -f "$MNT"
	awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f", b - a }'
}

# iops RW: random direct 4 KiB requests, eight at a time, in a file that is written
iops() {
	fio --name=r --filename="$MNT/b/big" --filesize="${mib}M" --rw="$1" --bs=4k \
		--direct=1 --ioengine=libaio --iodepth=8 --time_based --runtime=5 \
		--randseed=1 --output-format=json >/tmp/fio.json
	python3 -c 'import json, sys
job = json.load(open("/tmp/fio.json"))["jobs"][0]
print("%.0f" % job[sys.argv[1]]["iops"])' "${1#rand}"
}

# extents of the file that has most; iomap tells all but ext4 and btrfs
most_extents() {
	filefrag "$MNT"/b/stream* | awk '$(NF - 2) > most { most = $(NF - 2) } END { print most }'
}


cold() {
	umount "$MNT"
	echo 3 >/proc/sys/vm/drop_caches
	mount_bench
}

writes() {
	local dev sum=0

	for dev in "${devs[@]}"; do
		sum=$((sum + $(disk_stat "$dev" "$1")))
	done
	echo "$sum"
}

# of transactions; the others do not tell
commits() {
	[ "$fs" != scoutfs ] || cat /sys/fs/scoutfs/*/counters/trans_commit
}

# bytes in use; nothing but metadata while the files are empty
meta_used() {
	sync -f "$MNT"
	stat -f -c '%b %f %S' "$MNT" | awk '{ print ($1 - $2) * $3 }'
}

# insns STEP COUNT: instructions of one call, with its share of the commit; on the
# machine of "run-bench --icount" each takes a nanosecond
insns() {
	result "insns/$1" "$(fsbench "$1" "$MNT/b" "$2" | awk '{ printf "%.0f", $6 / $2 }')" insns
}

MNT=/bench
mkdir -p "$MNT"
trap 'mountpoint -q "$MNT" && umount "$MNT"' EXIT
mkfs_bench
mount_bench
mkdir "$MNT/b"
if [ -n "${BENCH_ICOUNT:-}" ]; then
	for what in create stat readdir rename unlink mkdir small; do
		insns "$what" "$files"
	done
	insns fsync "$fsyncs"
	exit 0
fi
for ((i = 0; i * 1000 < files; i++)); do
	mkdir "$MNT/b/d$(printf %03d $i)"
done
used=$(meta_used)
step create create "$files" /s
result create+sync "$synced" /s
used_after=$(meta_used)
if [ -n "$used" ] && [ -n "$used_after" ]; then
	result "bytes/empty file" "$(((used_after - used) / files))" B
fi
step stat-warm stat "$files" /s
step readdir+stat-warm readdir "$files" /s
cold
step stat-cold stat "$files" /s
cold
step readdir+stat-cold readdir "$files" /s
step rename rename "$files" /s
result rename+sync "$synced" /s
step unlink unlink "$files" /s
result unlink+sync "$synced" /s
step mkdir mkdir "$dirs" /s

w=$(writes writes)
s=$(writes write_sectors)
f=$(writes flushes)
step fsync-4k fsync "$fsyncs" /s
result "writes/fsync" "$(awk -v a="$w" -v b="$(writes writes)" -v n="$fsyncs" 'BEGIN { printf "%.2f", (b - a) / n }')" io
result "KiB/fsync" "$(awk -v a="$s" -v b="$(writes write_sectors)" -v n="$fsyncs" 'BEGIN { printf "%.2f", (b - a) / 2 / n }')" KiB
result "flushes/fsync" "$(awk -v a="$f" -v b="$(writes flushes)" -v n="$fsyncs" 'BEGIN { printf "%.2f", (b - a) / n }')" io

# many at once may share commits and flushes
for procs in 1 4 16; do
	c=$(commits)
	f=$(writes flushes)
	step "fsync, files: $procs" "fsync-$procs" "$fsyncs" /s
	result "flushes/fsync, $procs" "$(awk -v a="$f" -v b="$(writes flushes)" -v n="$fsyncs" 'BEGIN { printf "%.2f", (b - a) / n }')" io
	[ -z "$c" ] || result "commits/fsync, $procs" "$(awk -v a="$c" -v b="$(commits)" -v n="$fsyncs" 'BEGIN { printf "%.2f", (b - a) / n }')" io
done

step fsync-beside-bulk fsync-busy 200 /s
result "p99 of these" "$p99" ms

step create+write-4k small "$files" /s
result create+write-4k+sync "$synced" /s
cold
step read-4k-files-cold readsmall "$files" /s

mkdir "$MNT/b500"
step create+write-500 small "$files" /s 500 b500
result create+write-500+sync "$synced" /s
cold
step read-500-files-cold readsmall "$files" /s 500 b500

step streams streams "$mib" MiB/s
result "extents/stream" "$(most_extents)" extents

step write-1m write "$mib" MiB/s
step read-1m-warm read "$mib" MiB/s
cold
step read-1m-cold read "$mib" MiB/s
result random-read-4k "$(iops randread)" /s
result random-write-4k "$(iops randwrite)" /s

src=(/usr/src/linux-headers-*-common)
tar -C "${src[0]}" -cf /dev/shm/src.tar include scripts
result untar "$(seconds tar -C "$MNT/b" -xf /dev/shm/src.tar)" s
cold
result rm-r "$(seconds rm -r "$MNT/b/include" "$MNT/b/scripts")" s
umount "$MNT"
