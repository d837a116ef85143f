/**
 * The prober for hosts with Perl, which is essential on Debian and Ubuntu; perl-base is enough. `prober-python.ts` does the same.
 * Arguments: the probes' mark in hex, the socket filter's instructions as numbers. Its lines are those of `measure-lines.ts`.
 *
 * Other numbers (packet(7), socket(7), ip(7), asm-generic/socket.h): AF_PACKET 17,
 * ETH_P_IP 0x800, SO_BINDTODEVICE 25, SO_ATTACH_FILTER 26, SO_RCVBUFFORCE 33, IP_MTU_DISCOVER 10, IP_PMTUDISC_PROBE 3,
 * IPPROTO_RAW 255 (with IP_HDRINCL, raw(7)), MSG_DONTWAIT 0x40, SIOCGARP 0x8954 with a struct arpreq (arp(7)).
 */
export const PERL = String.raw`
use strict;
# The numbers of Linux, but for MIPS and its like, where the sockets are refused with a word: Socket.pm takes 8 ms to load.
sub PF_INET () { 2 }
sub SOCK_DGRAM () { 2 }
sub SOCK_RAW () { 3 }
sub SOL_SOCKET () { 1 }
sub inet_aton { pack "C4", split /\./, $_[0] }
sub sockaddr_in { pack "S n a4 x8", 2, @_ }
$| = 1;
my ($mark, $filter) = (pack("H*", shift), pack "(SCCL)*", split / /, shift);
my (%lane, %raw, %ether, %asked, @queue, @waiting);
my ($orders, $idle) = ("", 0);

sub failed { print "E $_[0]: $!\n"; exit }

# Protocol 0: the socket hears nothing before the filter is on it.
socket my $ear, 17, SOCK_DGRAM, 0 or failed "packet socket";
setsockopt $ear, SOL_SOCKET, 33, pack "i", 1 << 24;
setsockopt $ear, SOL_SOCKET, 26, pack "S x![P] P", length($filter) / 8, $filter or failed "socket filter";
bind $ear, pack "S n x16", 17, 0x800 or failed "packet socket";
socket my $try, PF_INET, SOCK_RAW, 255 or failed "raw socket";

sub checksum {
  my $sum = unpack "%32n*", $_[0];
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  ~$sum & 0xffff
}

sub ip {
  my ($protocol, $ttl, $size, $source, $target) = @_;
  my $header = pack "CCnnnCCna4a4", 0x45, 0, $size, 0, 0x4000, $ttl, $protocol, 0, inet_aton($source), inet_aton($target);
  substr($header, 10, 2) = pack "n", checksum $header;
  $header
}

sub packet {
  my ($id, $size) = @_;
  my ($carrier, $port, $source, $target, undef, @foreign) = @{$lane{$id}};
  my $marked = pack "a12Nn", $mark, $id, $size;
  my $packet;
  if ($carrier eq "proto4") { $packet = ip(4, 64, $size, $source, $target) . ip(59, 1, $size - 20, $source, $target) }
  elsif ($carrier eq "udp") { $packet = ip(17, 64, $size, $source, $target) . pack "nnnn", $port, $port, $size - 20, 0 }
  else { $packet = ip(1, 1, $size, @foreign) . pack "CCnnn", 8, 0, checksum(pack("n", 0x800) . $marked), 0, 0 }
  $packet . $marked . "\0" x ($size - length($packet . $marked))
}

# The routes decide as for a tunnel's packets, by source too, but not the path MTUs that the kernel remembers.
sub raw {
  my $source = shift;
  $raw{$source} //= do {
    socket my $raw, PF_INET, SOCK_RAW, 255;
    setsockopt $raw, 0, 10, pack "i", 3;
    bind $raw, sockaddr_in(0, inet_aton $source);
    $raw
  }
}

# What cannot be sent is lost, as what was sent and does not arrive.
sub emit {
  my ($id, $size) = @_;
  my ($carrier, undef, $source, $target, $device) = @{$lane{$id} || return};
  if ($carrier ne "foreign") { send raw($source), packet($id, $size), 0, sockaddr_in(0, inet_aton $target); return }
  my $ether = neighbour($target, $device) or return push @waiting, [$id, $size, time];
  open my $file, "<", "/sys/class/net/$device/ifindex" or return;
  send $ear, packet($id, $size), 0, pack "S n i S C C a8", 17, 0x800, <$file>, 1, 0, 6, $ether;
}

# The Ethernet address of a neighbour that is known (ATF_COM, 2) on an Ethernet device (1). Not out of /proc/net/arp: reading one table takes as
# long as the tables of all namespaces together.
sub neighbour {
  my ($target, $device) = @_;
  $ether{"$target $device"} //= do {
    my $request = pack "S x2 a4 x8 x16 i x16 a16", 2, inet_aton($target), 0, $device;
    ioctl $try, 0x8954, $request or return;
    my ($type, $ether, $flags) = unpack "x16 S a6 x8 i", $request;
    $type == 1 && $flags & 2 ? $ether : undef
  }
}

sub resolve {
  my ($target, $device) = @_;
  return if $asked{"$target $device"}++;
  socket my $udp, PF_INET, SOCK_DGRAM, 0;
  setsockopt $udp, SOL_SOCKET, 25, $device;
  send $udp, "", 0, sockaddr_in(9, inet_aton $target);
}

sub wait_for_neighbours {
  my @still = grep { time - $_->[2] < 2 } splice @waiting;
  for (@still) {
    my ($target, $device) = @{$lane{$_->[0]}}[3, 4];
    if (neighbour($target, $device)) { unshift @queue, $_ } else { resolve($target, $device); push @waiting, $_ }
  }
}

sub obey {
  my ($verb, @words) = split / /, $_[0];
  if ($verb eq "L") { my $id = shift @words; $lane{$id} = \@words }
  elsif ($verb eq "S") { my $id = shift @words; push @queue, map { [$id, $_] } @words }
  elsif ($verb eq "D") { push @queue, undef }
}

# Whole packets only, and those for this host: type 0, PACKET_HOST.
sub hear {
  my @got;
  for (1 .. 256) {
    defined(my $from = recv $ear, my $packet, 128, 0x40) or last;
    my ($size, $fragment, $protocol) = unpack "x2 n x2 n x C", $packet;
    my ($its, $id, $said) = unpack +($protocol == 4 ? "x40" : "x28") . "a12 N n", $packet;
    push @got, $id, $size if $its eq $mark && $said == $size && !($fragment & 0x3fff) && !unpack "x10 C", $from;
  }
  print "G @got\n" if @got;
}

print "R\n";
for (;;) {
  my $patience = @queue ? 0 : @waiting ? 0.01 : 0.4;
  my $ready = "";
  vec($ready, fileno $_, 1) = 1 for \*STDIN, $ear;
  select($ready, undef, undef, $patience) or $idle += $patience;
  hear() if vec $ready, fileno $ear, 1;
  if (vec $ready, fileno STDIN, 1) {
    sysread STDIN, $orders, 65536, length $orders or exit;
    obey($1) while $orders =~ s/^(.*)\n//;
  }
  wait_for_neighbours() if @waiting;
  for (splice @queue, 0, 64) { if ($_) { emit(@$_) } else { print "D\n" } }
  # Room for the switches' buffers.
  select undef, undef, undef, 0.002 if @queue;
  if ($idle >= 0.4) { print "T\n"; $idle = 0 }
}
`;
