# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Results of the tests that are scripts, as TAP; sourced. The script has set tap_name,
# and tap_logs: what is shown of a failure.
# shellcheck disable=SC2034,SC2154
nr=0
failed=0

# result NAME: of the command before it
result() {
	local ret=$?

	nr=$((nr + 1))
	if [ $ret = 0 ]; then
		echo "ok $nr $tap_name: $1"
	else
		echo "not ok $nr $tap_name: $1"
		sed 's/^/# /' "${tap_logs[@]}"
		failed=1
	fi
}
