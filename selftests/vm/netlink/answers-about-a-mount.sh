#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Each family answers about a mount that has no cluster; errors say what is wrong.
. "$(dirname "$0")/../../lib.sh"

# json FILTER CMD...: the Python expression FILTER of the JSON that CMD writes
json() {
	local filter=$1
	shift
	"$@" --json | python3 -c "import json, sys; d = json.load(sys.stdin); print($filter)"
}

modprobe scoutfs
[ "$(scoutfs mounts list)" = "" ] || fail "mounts before there is one"
expect_error 'no scoutfs mount here' scoutfs locks list
mkfs_vol
mount_vol
dir=$(echo /sys/fs/scoutfs/*/)
rid=$(cat "$dir/rid")
[ "$(json 'len(d["mounts"])' scoutfs mounts list)" = 1 ] || fail "not one mount"
[ "$(json 'd["mounts"][0]["rid"]' scoutfs mounts list)" = "$rid" ] || fail "not its rid"
[ "$(json 'd["fsid"], d["state"], d["lock_provider"]' scoutfs mounts show "$MNT")" = \
	"$(cat "$dir/fsid") mounted local" ] || fail "mounts show: $(scoutfs mounts show)"
[ "$(json 'd["options"]["data_prealloc_blocks"]' scoutfs mounts show "$rid")" = \
	"$(cat "$dir/mount_options/data_prealloc_blocks")" ] || fail "an option differs"
mkdir "$MNT/d"
touch "$MNT/d/"{1..100}
sync
[ "$(json 'd["counters"]["inode_created"]' scoutfs mounts counters "$(basename "$dir")")" -ge 101 ] ||
	fail "counters: $(scoutfs mounts counters)"
scoutfs mounts counters | grep -qE '^inode_created +1[0-9]{2}$' || fail "counters as text"

[ "$(json 'any(l["type"] == "group" and l["mode"] == "EX" for l in d["locks"])' \
	scoutfs locks list "$MNT")" = True ] || fail "locks: $(scoutfs locks list)"
[ "$(json 'd["locks"]' scoutfs locks list --waiting "$MNT")" = '[]' ] || fail "somebody waits"
[ "$(json 'd["grants"] > 0 and d["hits"] > 0' scoutfs locks stats "$MNT")" = True ] ||
	fail "stats: $(scoutfs locks stats)"
scoutfs providers list | grep -qx 'local *' || fail "providers: $(scoutfs providers list)"
scoutfs transports list >/dev/null
[ "$(json 'd["fences"]' scoutfs fences list)" = '[]' ] || fail "fence requests"

expect_error 'has no cluster' scoutfs members list "$MNT"
expect_error 'has no cluster' scoutfs leader show "$MNT"
expect_error 'has no cluster' scoutfs quorum show "$MNT"
expect_error 'has no cluster' scoutfs peers list "$MNT"
expect_error 'has no cluster' scoutfs peers stats "$MNT"
expect_error 'has no cluster' scoutfs locks master "$MNT"
expect_error 'no scoutfs mount f.0' scoutfs locks list f.0
expect_error 'no fence request' scoutfs fences "done" 0123456789abcdef

# nobody but root changes anything, everybody may look
[ "$(setpriv --reuid=1 --clear-groups scoutfs mounts list | wc -l)" = 2 ] || fail "not for users"
[ "$(nlask scoutfs 4 7 8 9)" = 'error -2: no such open fence request' ] || fail "$(nlask scoutfs 4 7 8 9)"
[ "$(setpriv --reuid=1 --clear-groups nlask scoutfs 4 7 8 9)" = 'error -1: ' ] ||
	fail "a user may answer fence requests"
[ "$(nlask scoutfs_lock 3 7 8)" = 'error -19: no such mount in this kernel' ] || fail "stats of no mount"
[ "$(nlask scoutfs_lock 3)" = 'error -22: fsid and rid of a mount are missing' ] || fail "stats without mount"
end_clean
