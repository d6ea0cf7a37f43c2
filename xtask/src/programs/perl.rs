//! Perl: hashes, arrays, regular expressions, sorting, closures, forks.

use super::Program;
use super::evidence::Evidence;
use super::process::missing;
use super::stage::Stage;
use super::trouble::Trouble;
use core::time::Duration;
use std::fs;

pub(super) const PROGRAM: Program = Program {
    name: "perl",
    packages: &["perl"],
    missing: || missing(&["perl"]),
    compared: "stdout of a script with hashes, regular expressions, sorts, closures, strings, forks",
    run,
};

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let script = stage.folder().join("script.pl");
    fs::write(&script, SCRIPT)
        .map_err(|error| Trouble::new(format!("{}: {error}", script.display())))?;
    let size = if stage.is_quick() { "20000" } else { "300000" };
    // A hash's order depends on a seed; the script sorts, and the seed is fixed all the same.
    let launch = stage
        .launch("perl")?
        .env("PERL_HASH_SEED", "0")
        .env("PERL_PERTURB_KEYS", "0")
        .arg(&script)
        .arg(size);
    let finished = stage.run(launch, Duration::from_secs(300))?;
    let mut evidence = Evidence::default();
    evidence.file("stdout", &finished.stdout);
    Ok(evidence)
}

const SCRIPT: &str = r#"use strict; use warnings;
use Digest::MD5 qw(md5_hex);
use List::Util qw(sum reduce shuffle);
use Storable qw(dclone freeze thaw);
use POSIX ();
$| = 1;
my $size = shift;
my $state = 1;
sub chance { $state = ($state * 1103515245 + 12345) % 2147483648; return $state % $_[0]; }
my (%count, %lists);
for my $i (1 .. $size) {
    my $word = join '', map { chr(97 + chance(26)) } 1 .. 3 + chance(6);
    $count{$word}++;
    push @{ $lists{substr $word, 0, 2} }, { word => $word, at => $i, text => $word x chance(8) };
}
my @top = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 20];
print "$_ $count{$_}\n" for @top;
my $all = join ' ', map { my $k = $_; map { $_->{text} } @{ $lists{$k} } } sort keys %lists;
print length($all), ' ', md5_hex($all), "\n";
my $found = 0; $found++ while $all =~ /\b(\w)(\w)\w*\2\1\b/g; print "$found\n";
(my $changed = $all) =~ s/([aeiou]+)([^aeiou ]+)/$2.uc($1)/ge; print md5_hex($changed), "\n";
my $copy = dclone(\%lists); delete @lists{ (sort keys %lists)[0 .. 100] };
print scalar(keys %$copy), ' ', scalar(keys %lists), ' ', md5_hex(join ',', map { scalar @{ $copy->{$_} } } sort keys %$copy), "\n";
my @closures = map { my $n = $_; sub { $n += $_[0] // 1 } } 1 .. 5000;
print sum(map { $closures[$_]->($_) } 0 .. $#closures), "\n";
my $tree; for (1 .. 20000) { my $v = chance(1e6); my $n = \$tree; $n = $v < $$n->[0] ? \$$n->[1] : \$$n->[2] while $$n; $$n = [$v]; }
my $walk; $walk = sub { my $n = shift or return (); ($walk->($n->[1]), $n->[0], $walk->($n->[2])) };
print md5_hex(join ',', $walk->($tree)), "\n";
for my $child (1 .. 8) {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) { my @own = map { 'c' x ($_ % 300) } 1 .. 20000; print "child $child ", md5_hex(join '', @own), "\n"; POSIX::_exit(0); }
    waitpid $pid, 0; die "child: $?" if $?;
}
print `echo from a shell`;
print join(',', map { sprintf '%.6f', $_ } map { sqrt } 1 .. 10), "\n";
"#;
