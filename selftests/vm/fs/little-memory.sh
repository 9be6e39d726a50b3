#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long timeout=3600
# With 1 GiB of memory a walk over many files and a copy of a file that is larger fit, and caches can be dropped.
. "$(dirname "$0")/../../lib.sh"

files=1000000
vm_ensure small mem=1024
# step CMD: says how long it took
step() {
	local start=$SECONDS

	vm_lib small "$1"
	say "$((SECONDS - start)) s: $1"
}
step 'mkfs_vol; mount_vol; mkdir $MNT/d'
step "manyfiles create \$MNT/d $files 2 5000; sync"
step "manyfiles walk \$MNT/d $files"
step "manyfiles stat \$MNT/d $files 2 5000"
step 'dd if=/dev/zero bs=1M count=1500 status=none | tr "\0" s >$MNT/large'
step 'cp $MNT/large $MNT/copy; cmp $MNT/large $MNT/copy'
vm_lib small 'kib() { awk -v f="$1:" "\$1 == f { print \$2 }" /proc/meminfo; }
	before=$(($(kib Cached) + $(kib Slab)))
	drop_caches
	after=$(($(kib Cached) + $(kib Slab)))
	say "page cache and slabs: $before then $after kB"
	[ $after -lt $((before / 2)) ] || fail "caches stay: $before then $after kB"'
vm_run small dmesg >"$VM_RUN_DIR/small.dmesg"
expect_fail grep -E 'Out of memory|oom-kill|page allocation failure' "$VM_RUN_DIR/small.dmesg"
vm_lib small end_clean
