#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long alone
# Power cut of a follower under load: all that any node synced is there, and the survivor goes on in time.
. "$(dirname "$0")/../../lib.sh"

VM_NODES=2
victim_of() {
	echo $((3 - $1))
}
# shellcheck source=selftests/vm/node-death.bash
. "$VM_TOP/selftests/vm/node-death.bash"
