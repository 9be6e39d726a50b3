#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long alone
# Power cut of the leader under load: all that any node synced is there, and the survivors go on in time.
. "$(dirname "$0")/../../lib.sh"

VM_NODES=3
victim_of() {
	echo "$1"
}
# shellcheck source=selftests/vm/node-death.bash
. "$VM_TOP/selftests/vm/node-death.bash"
