/**
 * The prober for hosts with Python 3 (3.6 and newer) and no Perl, such as RHEL and its kin; does what `prober-perl.ts` does,
 * where its comments and the numbers are explained.
 */
export const PYTHON = String.raw`
import fcntl, os, select, socket, struct, sys, time
from array import array
mark = bytes.fromhex(sys.argv[1])
numbers = [int(word) for word in sys.argv[2].split()]
code = array("B", b"".join(struct.pack("=HBBI", *numbers[i:i + 4]) for i in range(0, len(numbers), 4)))
lanes, raws, ethers, asked, queue, waiting = {}, {}, {}, set(), [], []

def say(*words):
    print(*words, flush=True)

def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

def ip(protocol, ttl, size, source, target):
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    header = lambda check: struct.pack("!BBHHHBBH", 0x45, 0, size, 0, 0x4000, ttl, protocol, check) + ends
    return header(checksum(header(0)))

def packet(id, size):
    carrier, port, source, target = lanes[id][:4]
    marked = mark + struct.pack("!IH", id, size)
    if carrier == "proto4":
        head = ip(4, 64, size, source, target) + ip(59, 1, size - 20, source, target)
    elif carrier == "udp":
        head = ip(17, 64, size, source, target) + struct.pack("!HHHH", int(port), int(port), size - 20, 0)
    else:
        head = ip(1, 1, size, *lanes[id][5:]) + struct.pack("!HHHH", 0x800, checksum(b"\x08\0" + marked), 0, 0)
    return (head + marked).ljust(size, b"\0")

def raw(source):
    if source not in raws:
        raws[source] = socket.socket(socket.AF_INET, socket.SOCK_RAW, 255)
        raws[source].setsockopt(0, 10, 3)
        try:
            raws[source].bind((source, 0))
        except OSError:
            pass
    return raws[source]

def emit(id, size):
    carrier, _, source, target = lanes[id][:4]
    try:
        if carrier != "foreign":
            raw(source).sendto(packet(id, size), (target, 0))
        elif neighbour(target, lanes[id][4]):
            ear.sendto(packet(id, size), (lanes[id][4], 0x800, 0, 1, neighbour(target, lanes[id][4])))
        else:
            waiting.append((id, size, time.time()))
    except OSError:
        pass

def neighbour(target, device):
    if (target, device) not in ethers:
        request = struct.pack("=H2x4s8x16xi16x16s", 2, socket.inet_aton(target), 0, device.encode())
        try:
            type, ether, flags = struct.unpack_from("=16xH6s8xi", fcntl.ioctl(probe, 0x8954, request))
        except OSError:
            return None
        if type != 1 or not flags & 2:
            return None
        ethers[target, device] = ether
    return ethers[target, device]

def resolve(target, device):
    if (target, device) in asked:
        return
    asked.add((target, device))
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.setsockopt(socket.SOL_SOCKET, 25, device.encode())
            udp.sendto(b"", (target, 9))
    except OSError:
        pass

def wait_for_neighbours():
    still = [item for item in waiting if time.time() - item[2] < 1]
    waiting.clear()
    for item in still:
        where = lanes[item[0]][3], lanes[item[0]][4]
        if neighbour(*where):
            queue.insert(0, item[:2])
        else:
            resolve(*where)
            waiting.append(item)

def obey(verb, *words):
    if verb == "L":
        lanes[int(words[0])] = words[1:]
    elif verb == "S":
        queue.extend((int(words[0]), int(size)) for size in words[1:])
    elif verb == "D":
        queue.append(None)

def hear():
    got = []
    for _ in range(256):
        try:
            data, where = ear.recvfrom(128, socket.MSG_DONTWAIT)
        except OSError:
            break
        size, fragment = struct.unpack_from("!2xH2xH", data)
        its, id, said = struct.unpack_from("!12sIH", data.ljust(64, b"\0"), 40 if data[9] == 4 else 28)
        if its == mark and said == size and not fragment & 0x3fff and where[2] == 0:
            got += [id, size]
    if got:
        say("G", *got)

try:
    # What comes before the filter is on the socket is told apart by the mark; bind() of 3.11 takes no "all devices".
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800))
    ear.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)
    ear.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HP", len(code) // 8, code.buffer_info()[0]))
    probe = socket.socket(socket.AF_INET, socket.SOCK_RAW, 255)
except OSError as error:
    say("E raw and packet sockets:", error.strerror)
    sys.exit()

say("R")
orders, idle = b"", 0
while True:
    patience = 0 if queue else 0.01 if waiting else 0.4
    ready = select.select([0, ear], [], [], patience)[0]
    idle += 0 if ready else patience
    if ear in ready:
        hear()
    if 0 in ready:
        read = os.read(0, 65536)
        if not read:
            break
        *lines, orders = (orders + read).split(b"\n")
        for line in lines:
            obey(*line.decode().split(" "))
    if waiting:
        wait_for_neighbours()
    batch, queue[:64] = queue[:64], []
    for item in batch:
        emit(*item) if item else say("D")
    if queue:
        time.sleep(0.002)
    if idle >= 0.4:
        say("T")
        idle = 0
`;
