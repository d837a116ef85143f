/**
 * Hears and sends echo requests in one network namespace; perl-base is enough. Arguments: the speaker's number, `uname -m`, then its jobs
 * as `index,address,bytes,delay,patience` (seconds). Prints `R number` when it hears; on SIGUSR1 it begins with its jobs. `S number source`
 * for each source of echo requests, `P index ok rtt` or `P index no why` for each job. `speaker-python.ts` does the same.
 *
 * On SIGTERM it tells what is still in its socket: the kernel may have answered a request before the speaker had its turn.
 *
 * A raw ICMP socket gets every ICMP packet with its IP header (raw(7)); IP_MTU_DISCOVER 10 with IP_PMTUDISC_PROBE 3 sets "do not
 * fragment" and forgets no bytes (ip(7)); EMSGSIZE is 90 (errno-base.h and its kin). perl-base has no clock that is finer than a second:
 * the system call clock_gettime by its number, where it is known, else Time::HiRes, where it is there, else the kernel's uptime. No module
 * is loaded that can be done without: each takes as long to load as all the rest, and every host has one of these per container.
 */
export const PERL = String.raw`
use strict;
# The numbers of Linux, but for MIPS and its like, where the sockets are refused with a word: Socket.pm takes 8 ms to load.
sub PF_INET () { 2 }
sub SOCK_RAW () { 3 }
sub SOL_SOCKET () { 1 }
sub inet_aton { pack "C4", split /\./, $_[0] }
sub sockaddr_in { pack "S n a4 x8", 2, @_ }
$| = 1;
alarm 120;
my ($me, $arch, @jobs) = @ARGV;
my $call = { x86_64 => 228, aarch64 => 113 }->{$arch};
my $fine = 1;
# A Perl of 32 bits has other numbers on the same machine, and no "q".
my $now = eval { pack "q", 0 } && $call
  ? sub { my $t = pack "qq", 0, 0; syscall $call, 1, $t; my ($s, $ns) = unpack "qq", $t; $s + $ns / 1e9 }
  : eval { require Time::HiRes; \&Time::HiRes::time };
$now ||= do { $fine = 0; sub { open my $f, "<", "/proc/uptime"; (split " ", <$f>)[0] } };
my ($go, $stop, $id, %seen, %open) = (0, 0, $$ & 0xffff);
$SIG{USR1} = sub { $go = 1 };
$SIG{TERM} = sub { $stop = 1 };
unless (socket my $s, PF_INET, SOCK_RAW, 1) { print "N $me\n"; exit }
socket S, PF_INET, SOCK_RAW, 1;
setsockopt S, 0, 10, pack "i", 3;
setsockopt S, SOL_SOCKET, 8, pack "i", 1 << 20;

sub checksum {
  my $sum = unpack "%32n*", $_[0] . (length($_[0]) & 1 ? "\0" : "");
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  ~$sum & 0xffff
}

# Many lines in one write, which no other speaker's can get into (PIPE_BUF, pipe(7)): every write is a packet of SSH.
my $lines = "";
sub flush { syswrite STDOUT, $lines; $lines = "" }
sub tell_line { $lines .= "$_[0]\n"; flush() if length $lines > 3000 }

sub done { my ($seq, $said) = @_; my $job = delete $open{$seq} or return; tell_line("P $job->{index} $said") }

sub emit {
  my ($seq, $job) = @_;
  my $packet = pack "CCnnn", 8, 0, 0, $id, $seq;
  $packet .= "\0" x ($job->{bytes} - 20 - length $packet);
  substr($packet, 2, 2) = pack "n", checksum $packet;
  $job->{sent} = $now->();
  $job->{next} = $job->{sent} + 0.5;
  return if send S, $packet, 0, sockaddr_in(0, inet_aton $job->{address});
  $job->{why} = "$!";
  done($seq, "no its own device: $!") if $! == 90;
}

my %said = ("3 0" => "network unreachable", "3 1" => "host unreachable", "3 9" => "prohibited", "3 10" => "prohibited",
  "3 13" => "prohibited", "3 3" => "port unreachable", "11 0" => "the packet goes round in circles");

sub hear {
  while (defined recv S, my $packet, 65535, 0x40) {
    my $source = join ".", unpack "x12 C4", $packet;
    my $icmp = substr $packet, (ord($packet) & 15) * 4;
    my ($type, $code, undef, $its, $seq) = unpack "CCnnn", $icmp;
    if ($type == 8) { tell_line("S $me $source") unless $seen{$source}++ }
    elsif ($type == 0 && $its == $id && $open{$seq}) {
      done($seq, $fine ? sprintf("ok %.3f", 1000 * ($now->() - $open{$seq}{sent})) : "ok");
    } elsif ($type == 3 || $type == 11) {
      my $inner = substr $icmp, 8;
      my ($t, undef, undef, $i, $n) = unpack "CCnnn", substr $inner, (ord($inner) & 15) * 4;
      next unless ord(substr $inner, 9, 1) == 1 && $t == 8 && $i == $id && $open{$n};
      if ($type == 3 && $code == 4) { done($n, "no $source says: too big, MTU $seq") }
      else { $open{$n}{why} = "$source says: " . ($said{"$type $code"} || "unreachable, code $code") }
    }
  }
}

print "R $me\n";
my $begun = 0;
for (;;) {
  if ($go && !$begun) {
    $begun = 1;
    my ($seq, $start) = (0, $now->());
    for (@jobs) {
      my ($index, $address, $bytes, $delay, $patience) = split /,/;
      $open{$seq++} = { index => $index, address => $address, bytes => $bytes, next => $start + $delay, end => $start + $delay + $patience };
    }
  }
  my ($time, $burst) = ($now->(), 0);
  for my $seq (sort { $a <=> $b } keys %open) {
    my $job = $open{$seq};
    if ($time >= $job->{end}) { done($seq, "no " . ($job->{why} || "")) }
    elsif ($time >= $job->{next}) { last if $burst++ >= 64; emit($seq, $job) }
  }
  flush() if $lines ne "";
  my $ready = "";
  vec($ready, fileno S, 1) = 1;
  select $ready, undef, undef, $stop ? 0 : $burst >= 64 ? 0.002 : %open ? 0.02 : 0.2;
  my $last = $stop;
  hear();
  if ($last) { flush(); exit }
}
`;
