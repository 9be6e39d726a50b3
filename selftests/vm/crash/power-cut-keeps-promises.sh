#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host
# After a power cut during parallel work all that was synced is there, and the volume is clean.
. "$(dirname "$0")/../../lib.sh"

start_work() {
	# the log comes over ssh: the machine's own memory is lost
	vm_run "$VM" bash -c "crashload run \$MNT $1 4" >"$VM_RUN_DIR/promises.$1" 2>"$VM_RUN_DIR/work.err" &
	work=$!
}
has_promised() {
	[ "$(wc -l <"$VM_RUN_DIR/promises.$1")" -ge $((50 + RANDOM % 100)) ]
}
rounds=2
[ "$TEST_LONG" = 0 ] || rounds=4
vm_lib "$VM" 'mkfs_vol; mount_vol'
for round in $(seq $rounds); do
	start_work "$round"
	wait_until 60 has_promised "$round"
	vm_kill "$VM"
	wait $work || :
	say "round $round: $(wc -l <"$VM_RUN_DIR/promises.$round") promises, $(cat "$VM_RUN_DIR/work.err")"
	vm_start "$VM"
	vm_wait_boot "$VM"
	cp "$VM_RUN_DIR/promises.$round" "$VM_SHARE/promises"
	vm_lib "$VM" 'fsck.scoutfs -n $META $DATA
		forget_guard
		mount_vol
		crashload verify $MNT </share/promises'
done
# those of earlier rounds are kept as well
cat "$VM_RUN_DIR"/promises.[1-9] >"$VM_SHARE/promises"
vm_lib "$VM" 'crashload verify $MNT </share/promises
	find $MNT -ls >/dev/null
	end_clean'
