# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tests that are still to be run, between the workers of one run; sourced by
# run-vm.
#
# A folder: a file for each test, in order, which holds its name and words and goes
# when a worker takes it; "worker.N" is the process id of worker N, "runs.N" holds
# the words of what it runs, "done" a line for each result that was printed.

# queue_make DIR: from lines "NAME WORDS..."
queue_make() {
	local line nr=10000

	mkdir -p "$1"
	: >"$1/lock"
	: >"$1/done"
	while IFS= read -r line; do
		nr=$((nr + 1))
		echo "$line" >"$1/test.$nr"
	done
}

# queue_others DIR WORKER: do other workers live?
queue_others() {
	local file

	for file in "$1"/worker.*; do
		[ "$file" != "$1/worker.$2" ] && [ -d "/proc/$(cat "$file")" ] && return 0
	done
	return 1
}

# queue_nodes DIR: is a test at work that has machines of its own?
queue_nodes() {
	grep -qw nodes "$1"/runs.* 2>/dev/null
}

# queue_pick DIR WORKER: what to run now; called with the lock held. Prints "wait"
# when there will be something later, nothing at the end.
queue_pick() {
	local dir=$1 worker=$2 file line alone=

	rm -f "$dir/runs.$worker"
	for file in "$dir"/test.*; do
		[ -e "$file" ] || continue
		read -r line <"$file"
		case " $line " in
		*' alone '*)
			alone=${alone:-$file}
			continue
			;;
		*' nodes '*)
			# whoever runs one now takes the next one as well
			! queue_nodes "$dir" || continue
			;;
		esac
		mv "$file" "$dir/runs.$worker"
		echo "$line"
		return
	done
	# these are the first worker's, when the others have left
	[ "$worker" = 1 ] && [ -n "$alone" ] || return 0
	if queue_others "$dir" "$worker"; then
		echo wait
		return
	fi
	read -r line <"$alone"
	mv "$alone" "$dir/runs.$worker"
	echo "$line"
}

# queue_take DIR WORKER: prints the next test and its words; fails at the end
queue_take() {
	local line

	while :; do
		line=$(flock "$1/lock" bash -c '. "$0"; queue_pick "$@"' \
			"${BASH_SOURCE[0]}" "$1" "$2") || return 1
		[ -n "$line" ] || return 1
		[ "$line" = wait ] || break
		sleep 0.5
	done
	echo "$line"
}

# queue_report DIR STATUS TEXT FILE: the result of a test, "STATUS NR TEXT" and the
# lines of FILE, which stay together
queue_report() {
	(
		flock 9
		echo "$2 $3" >>"$1/done"
		echo "$2 $(wc -l <"$1/done") $3"
		cat "$4"
	) 9<"$1/lock"
}

# queue_count DIR [STATUS]: results that were printed
queue_count() {
	grep -c "^${2:-}" "$1/done" || :
}
