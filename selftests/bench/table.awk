# SPDX-License-Identifier: GPL-2.0-only
#
# Table of a bench from lines "fs step value unit"; steps have spaces: medians
# (min-max) and how many times as good. names: the filesystems, in order. With
# base, each of the others is compared with that one; else self is, with the best
# of the others.
{
	fs = $1
	unit = $NF
	step = $2
	for (i = 3; i < NF - 1; i++)
		step = step " " $i
	if (!(step in units))
		order[++steps] = step
	units[step] = unit
	v[fs, step, ++n[fs, step]] = $(NF - 1) + 0
}

function median(fs, step,   i, j, k, t, a) {
	k = n[fs, step]
	for (i = 1; i <= k; i++) {
		a[i] = v[fs, step, i]
		for (j = i; j > 1 && a[j] < a[j - 1]; j--) {
			t = a[j]
			a[j] = a[j - 1]
			a[j - 1] = t
		}
	}
	lo = a[1]
	hi = a[k]
	return k % 2 ? a[(k + 1) / 2] : (a[k / 2] + a[k / 2 + 1]) / 2
}

function show(x) {
	return x >= 100 ? sprintf("%.0f", x) : sprintf("%.2f", x)
}

# rates and shares are better when they are larger, costs when they are smaller
function is_cost(step) {
	return units[step] ~ /^(s|ms|B|KiB|io|insns|extents)$/
}

function times(step, mine, theirs) {
	if (!mine || !theirs)
		return "-"
	return sprintf("%.2f", is_cost(step) ? theirs / mine : mine / theirs)
}

END {
	count = split(names, fss, " ")
	printf "%-26s %-6s", "", "unit"
	for (f = 1; f <= count; f++)
		printf " %24s", fss[f]
	for (f = 1; base != "" && f <= count; f++)
		if (fss[f] != base)
			printf " %12s", fss[f] "/" base
	print base == "" ? "  to better" : ""
	for (s = 1; s <= steps; s++) {
		step = order[s]
		printf "%-26s %-6s", step, units[step]
		best = 0
		for (f = 1; f <= count; f++) {
			med[f] = 0
			if (!((fss[f], step) in n)) {
				printf " %24s", "-"
				continue
			}
			med[f] = median(fss[f], step)
			printf " %24s", show(med[f]) " (" show(lo) "-" show(hi) ")"
			if (fss[f] == base)
				best = med[f]
			else if (fss[f] == self)
				own = f
			else if (base == "" && (!best || (is_cost(step) ? med[f] < best : med[f] > best)))
				best = med[f]
		}
		for (f = 1; base != "" && f <= count; f++)
			if (fss[f] != base)
				printf " %12s", times(step, med[f], best)
		if (base == "")
			printf " %10s", times(step, med[own], best)
		print ""
	}
}
