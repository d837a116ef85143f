/**
 * Listens and sends for a trace on hosts with Python 3 (3.6 and newer) and no Perl; does what `trace-perl.ts` does, where the arguments,
 * the lines and the numbers are explained.
 */
export const TRACE_PYTHON = String.raw`
import socket, struct, sys, time
from array import array
verb, words = sys.argv[1], sys.argv[2:]

def say(*words):
    print(*words, flush=True)

def checksum(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

def send(mark, run, source, target, port, *sizes):
    mark, port = int(mark), int(port)
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 255)
        raw.setsockopt(0, 10, 3)
        raw.bind((source, 0))
    except OSError as error:
        say("Q", source, error.strerror)
        return
    for id, size in enumerate(map(int, sizes)):
        word = mark | id << 4
        if port:
            tcp = lambda check: struct.pack("!HHIIBBHHH", 40000 + (mark >> 12) % 20000 + id, port, word, 0, 0x50, 2, 64240, check, 0)
            protocol, rest = 6, tcp(checksum(ends + struct.pack("!BBH", 0, 6, 20) + tcp(0)))
        else:
            body = (struct.pack("!I", word) + bytes.fromhex(run)).ljust(size - 28, b"\0")
            echo = lambda check: struct.pack("!BBHHH", 8, 0, check, (mark >> 12) & 0xffff, id) + body
            protocol, rest = 1, echo(checksum(echo(0)))
        try:
            raw.sendto(struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(rest), 0, 0x4000, 64, protocol, 0) + ends + rest, (target, 0))
        except OSError as error:
            say("F", id, error.strerror)
        time.sleep(0.01)

def find(packet, mark, run, lengths, depth=0):
    if len(packet) < 28 or depth > 3:
        return None
    at, size, protocol = (packet[0] & 15) * 4, struct.unpack_from("!H", packet, 2)[0], packet[9]
    ends = [socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])]
    inner = lambda skip: find(packet[at + skip:], mark, run, lengths, depth + 1)
    if protocol == 1 and packet[at] in (0, 8):
        if len(packet) < at + 20:
            return None
        word = struct.unpack_from("!I", packet, at + 8)[0]
        if word & 0xfffff000 != mark or packet[at + 12:at + 20].hex() != run:
            return None
        return ["q" if packet[at] == 8 else "a", (word & 0xfff) >> 4, size] + ends
    if protocol == 1 and packet[at] in (3, 11):
        found = inner(8)
        return found and ["x", found[1], found[2]] + ends + [found[0], packet[at], packet[at + 1], struct.unpack_from("!H", packet, at + 6)[0]]
    if protocol == 6:
        if len(packet) < at + 14:
            return None
        sequence, answer, flags = struct.unpack_from("!4xIIxB", packet, at)
        if sequence & 0xfffff000 == mark and flags & 0x12 == 2:
            return ["q", (sequence & 0xfff) >> 4, size] + ends
        if (answer - 1) & 0xfffff000 == mark and flags & 0x10:
            return ["r" if flags & 4 else "a", ((answer - 1) & 0xfff) >> 4, size] + ends
        return None
    if protocol == 4:
        return inner(0)
    if protocol == 17 and size in lengths:
        return ["w", -1, size] + ends
    if protocol == 17 and len(packet) >= at + 50 and packet[at + 28:at + 30] == b"\x08\0":
        return inner(30)
    return None

def hear(space, mark, run, numbers, lengths):
    numbers = [int(number) for number in numbers.split()]
    code = array("B", b"".join(struct.pack("=HBBI", *numbers[i:i + 4]) for i in range(0, len(numbers), 4)))
    lengths = set(map(int, filter(None, lengths.split(","))))
    try:
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        ear.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)
        ear.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HP", len(code) // 8, code.buffer_info()[0]))
    except OSError as error:
        say("N", space, "packet socket:", error.strerror)
        return
    say("R", space)
    while True:
        packet, where = ear.recvfrom(256)
        found = where[1] == 0x800 and find(packet, int(mark), run, lengths)
        if found:
            way = {4: "out", 3: "stray"}.get(where[2], "in")
            say("S", space, socket.if_nametoindex(where[0]), way, 1 if packet[9] in (4, 17) else 0, *found)

{"send": send, "hear": hear}[verb](*words)
`;
