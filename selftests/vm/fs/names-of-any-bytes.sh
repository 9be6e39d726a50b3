#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Names may hold any byte but / and NUL and have 1 to 255 bytes.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir "$MNT/b" "$MNT/l"
perl -e '
	chdir "$ARGV[0]/b" or die;
	for my $c (1..46, 48..255) {
		next if $c == 46;	# "." is there
		open(my $f, ">", "./" . chr($c)) or die "byte $c: $!";
		print $f $c;
	}
	open(my $f, ">", "./x" . join("", map { chr } 1..46, 48..255)) or die "all: $!";
	open($f, ">", "./A") or die;
	print $f 65;
	chdir "../l" or die;
	for my $n (1..255) {
		open(my $f, ">", "n" x $n) or die "length $n: $!";
		print $f $n;
	}' "$MNT"
remount_vol
perl -e '
	chdir "$ARGV[0]/b" or die;
	for my $c (1..45, 48..255) {
		open(my $f, "<", "./" . chr($c)) or die "byte $c: $!";
		<$f> eq $c or die "byte $c: other file";
	}
	opendir(my $d, ".") or die;
	my %seen = map { $_ => 1 } readdir($d);
	$seen{chr($_)} or die "byte $_ not listed" for 1..45, 48..255;
	$seen{"x" . join("", map { chr } 1..46, 48..255)} or die "the long one is not listed";
	keys(%seen) == 2 + 253 + 1 or die scalar(keys(%seen)) . " names";
	chdir "../l" or die;
	for my $n (1..255) {
		open(my $f, "<", "n" x $n) or die "length $n: $!";
		<$f> eq $n or die "length $n: other file";
	}' "$MNT"
[ "$(stat -c %s "$MNT/l")" = $((255 * 256 / 2)) ] || fail "size of the directory"
end_clean
