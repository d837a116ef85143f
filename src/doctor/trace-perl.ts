/**
 * Listens and sends for a trace on hosts with Perl; perl-base is enough. Arguments: what it does, then
 * `hear SPACE MARK RUN FILTER LENGTHS`: prints `R SPACE` when it hears, then a line for each probe that passes a device of the network
 * namespace that it runs in (`trace-lines.ts`); FILTER as in `prober-perl.ts`, LENGTHS the bytes of encrypted packets with a probe inside.
 * `send MARK RUN SOURCE TARGET PORT SIZE...`: sends one probe of each size, a tcp SYN where the port is not 0, and prints `F NUMBER WHY` for what cannot be sent, `Q WHY` where nothing can.
 *
 * MARK: 20 bits that all probes of a run share, as the upper ones of the first word of an echo's payload or of a SYN's sequence number;
 * below them is the number of the probe, four bits further up. Numbers without a name as in `prober-perl.ts`.
 */
export const TRACE_PERL = String.raw`
use strict;
use Socket;
$| = 1;
my ($verb, @words) = @ARGV;

sub checksum {
  my $data = shift;
  $data .= "\0" if length($data) & 1;
  my $sum = unpack "%32n*", $data;
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  ~$sum & 0xffff
}

if ($verb eq "send") {
  my ($mark, $run, $source, $target, $port, @sizes) = @words;
  socket my $raw, PF_INET, SOCK_RAW, 255 or do { print "Q raw socket: $!\n"; exit };
  setsockopt $raw, 0, 10, pack "i", 3;
  bind $raw, sockaddr_in(0, inet_aton $source) or do { print "Q $source: $!\n"; exit };
  my $id = 0;
  for my $size (@sizes) {
    my $word = $mark | $id << 4;
    my $ends = inet_aton($source) . inet_aton($target);
    my ($protocol, $rest);
    if ($port) {
      my $from = 40000 + ($mark >> 12) % 20000 + $id;
      $rest = pack "nnNNCCnnn", $from, $port, $word, 0, 0x50, 2, 64240, 0, 0;
      substr($rest, 16, 2) = pack "n", checksum($ends . pack("CCn", 0, 6, length $rest) . $rest);
      $protocol = 6;
    } else {
      $rest = pack("CCnnn", 8, 0, 0, ($mark >> 12) & 0xffff, $id) . pack("N", $word) . pack("H16", $run);
      $rest .= "\0" x ($size - 20 - length $rest) if $size - 20 > length $rest;
      substr($rest, 2, 2) = pack "n", checksum $rest;
      $protocol = 1;
    }
    my $packet = pack("CCnnnCCn", 0x45, 0, 20 + length $rest, 0, 0x4000, 64, $protocol, 0) . $ends . $rest;
    send $raw, $packet, 0, sockaddr_in(0, inet_aton $target) or print "F $id $!\n";
    $id++;
    select undef, undef, undef, 0.01;
  }
  exit;
}

my ($space, $mark, $run, $filter, $lengths) = @words;
$filter = pack "(SCCL)*", split / /, $filter;
my %length = map { $_ => 1 } split /,/, $lengths;

# The probe in an IP packet: kind (q request, a answer, x error), number, bytes, source, target, and of an error its type, code, MTU and sender.
sub find {
  my ($packet, $depth) = @_;
  return if length $packet < 28 || $depth > 3;
  my ($first, $size, $protocol) = unpack "C x n x5 C", $packet;
  my $at = ($first & 15) * 4;
  my ($source, $target) = map { join ".", unpack "C4", substr $packet, $_, 4 } 12, 16;
  if ($protocol == 1) {
    my ($type, $code, undef, undef, $mtu) = unpack "CCnnn", substr $packet, $at, 8;
    if ($type == 8 || $type == 0) {
      return if length $packet < $at + 20;
      my ($word, $its) = unpack "N H16", substr $packet, $at + 8, 12;
      return if ($word & 0xfffff000) != $mark || $its ne $run;
      return $type == 8 ? "q" : "a", ($word & 0xfff) >> 4, $size, $source, $target;
    }
    return if $type != 3 && $type != 11;
    my ($kind, $id, $bytes) = find(substr($packet, $at + 8), $depth + 1) or return;
    return "x", $id, $bytes, $source, $target, $kind, $type, $code, $mtu;
  }
  if ($protocol == 6) {
    return if length $packet < $at + 14;
    my ($sequence, $answer, $flags) = unpack "x4 N N x C", substr $packet, $at, 14;
    return "q", ($sequence & 0xfff) >> 4, $size, $source, $target if ($sequence & 0xfffff000) == $mark && ($flags & 0x12) == 2;
    return ($flags & 4 ? "r" : "a"), (($answer - 1) & 0xfff) >> 4, $size, $source, $target
      if (($answer - 1) & 0xfffff000) == $mark && $flags & 0x10;
    return;
  }
  return find(substr($packet, $at), $depth + 1) if $protocol == 4;
  if ($protocol == 17) {
    return "w", -1, $size, $source, $target if $length{$size};
    return if length $packet < $at + 50 || unpack("n", substr $packet, $at + 28, 2) != 0x800;
    return find(substr($packet, $at + 30), $depth + 1);
  }
  return;
}

sub depth { my ($protocol) = unpack "x9 C", $_[0]; $protocol == 4 || $protocol == 17 ? 1 : 0 }

socket my $ear, 17, SOCK_DGRAM, 0 or do { print "N $space packet socket: $!\n"; exit };
setsockopt $ear, SOL_SOCKET, 33, pack "i", 1 << 22;
setsockopt $ear, SOL_SOCKET, 26, pack "S x![P] P", length($filter) / 8, $filter or do { print "N $space socket filter: $!\n"; exit };
bind $ear, pack "S n x16", 17, 3 or do { print "N $space packet socket: $!\n"; exit };
print "R $space\n";
while (defined(my $from = recv $ear, my $packet, 256, 0)) {
  my ($protocol, $index, $type) = unpack "x2 n i x2 C", $from;
  next if $protocol != 0x800;
  my @found = find($packet, 0) or next;
  print join(" ", "S", $space, $index, $type == 4 ? "out" : $type == 3 ? "stray" : "in", depth($packet), @found), "\n";
}
`;
