# SPDX-License-Identifier: GPL-2.0-only
#
# Table of the cluster bench from lines "fs step value unit"; steps have spaces.
# names: the filesystems, in order; self: the one that is compared with the best
# of the others, which is the smallest where the unit is ms.
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
	return x >= 100 ? sprintf("%.0f", x) : sprintf("%.1f", x)
}

END {
	count = split(names, fss, " ")
	printf "%-26s %-4s", "", "unit"
	for (f = 1; f <= count; f++)
		printf " %22s", fss[f]
	printf " %10s\n", "to better"
	for (s = 1; s <= steps; s++) {
		step = order[s]
		printf "%-26s %-4s", step, units[step]
		best = own = 0
		for (f = 1; f <= count; f++) {
			if (!((fss[f], step) in n)) {
				printf " %22s", "-"
				continue
			}
			med = median(fss[f], step)
			printf " %22s", show(med) " (" show(lo) "-" show(hi) ")"
			if (fss[f] == self)
				own = med
			else if (!best || (units[step] == "ms" ? med < best : med > best))
				best = med
		}
		if (own && best)
			printf " %10.2f\n", own / best
		else
			printf " %10s\n", "-"
	}
}
