/**
 * The process behind a tun or tap device: opens /dev/net/tun (TUNSETIFF, linux/if_tun.h; IFF_TUN 1, IFF_TAP 2, IFF_NO_PI 0x1000), goes into
 * the background once the device is there, writes a line for each packet that it gets, and answers pings; behind a tap device also ARP for every
 * address but those of the device's own side. It ends on SIGTERM, which closes the file.
 */
export const TUNTAP = String.raw`use strict;
my ($type, $device, $log, $pidfile) = @ARGV;
open(my $tun, '+<', '/dev/net/tun') or die "cannot open /dev/net/tun: $!\n";
my $request = pack('a16 S x22', $device, ($type eq 'tun' ? 1 : 2) | 0x1000);
ioctl($tun, 0x400454ca, $request) or die "cannot make $device: $!\n";
my $pid = fork;
die "cannot fork: $!\n" unless defined $pid;
if ($pid) {
  open(my $file, '>', $pidfile) or die "$pidfile: $!\n";
  print $file "$pid\n";
  exit 0;
}
close STDIN; open(STDIN, '<', '/dev/null');
open(my $out, '>', $log) or die "$log: $!\n";
select($out); $| = 1;
open(STDOUT, '>', '/dev/null'); open(STDERR, '>', '/dev/null');
my $own = pack('H*', '02eeeeee0001');
sub ip { join '.', unpack('C4', $_[0]) }
sub mac { join ':', unpack('(H2)6', $_[0]) }
sub sum {
  my $data = $_[0]; my $sum = 0;
  $data .= "\0" if length($data) % 2;
  $sum += $_ for unpack('n*', $data);
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  return ~$sum & 0xffff;
}
# the words for an IPv4 packet, and its answer where it asks for one
sub packet {
  my $data = $_[0];
  return ("short packet") if length($data) < 20;
  my $head = (ord($data) & 15) * 4;
  return ("not IPv4") if ord($data) >> 4 != 4;
  my ($from, $to, $protocol) = (substr($data, 12, 4), substr($data, 16, 4), ord(substr($data, 9, 1)));
  my $words = 'IP ' . ip($from) . ' > ' . ip($to);
  return ("$words protocol $protocol") if $protocol != 1 || length($data) < $head + 8;
  my $icmp = substr($data, $head);
  my $kind = ord($icmp);
  return ("$words icmp type $kind") if $kind != 8;
  substr($icmp, 0, 4) = "\0\0\0\0";
  substr($icmp, 2, 2) = pack('n', sum($icmp));
  my $answer = substr($data, 0, $head);
  substr($answer, 8, 1) = chr(64);
  substr($answer, 10, 10) = "\0\0" . $to . $from;
  substr($answer, 10, 2) = pack('n', sum($answer));
  return ("$words icmp echo request", $answer . $icmp);
}
while (sysread($tun, my $data, 65536)) {
  if ($type eq 'tun') {
    my ($words, $answer) = packet($data);
    print "$words\n";
    syswrite($tun, $answer) if defined $answer;
    next;
  }
  my ($to, $from, $ethertype) = (substr($data, 0, 6), substr($data, 6, 6), unpack('n', substr($data, 12, 2)));
  my $words = 'Ethernet ' . mac($from) . ' > ' . mac($to);
  if ($ethertype == 0x0806 && length($data) >= 42 && unpack('n', substr($data, 20, 2)) == 1) {
    my ($asks, $wanted) = (substr($data, 28, 4), substr($data, 38, 4));
    print "$words ARP who has ", ip($wanted), ", tell ", ip($asks), "\n";
    # somebody who looks whether an address is taken asks for it from nowhere or from itself
    next if $asks eq $wanted || $asks eq "\0\0\0\0";
    syswrite($tun, $from . $own . pack('n', 0x0806) . pack('nnCCn', 1, 0x0800, 6, 4, 2) . $own . $wanted . $from . $asks);
  } elsif ($ethertype == 0x0800) {
    my ($inner, $answer) = packet(substr($data, 14));
    print "$words $inner\n";
    syswrite($tun, $from . $own . pack('n', 0x0800) . $answer) if defined $answer;
  } else {
    printf "%s ethertype 0x%04x\n", $words, $ethertype;
  }
}
`;
