/** The speaker for hosts with Python 3 (3.6 and newer) and no Perl, such as RHEL and its kin; does what `speaker-perl.ts` explains. */
export const PYTHON = String.raw`
import errno, os, select, signal, socket, struct, sys, time
signal.alarm(120)
me, jobs = sys.argv[1], sys.argv[2:]
state, seen, waiting, ident = {"go": False, "stop": False}, set(), {}, os.getpid() & 0xffff

def say(*words):
    print(*words, flush=True)

signal.signal(signal.SIGUSR1, lambda *_: state.update(go=True))
signal.signal(signal.SIGTERM, lambda *_: state.update(stop=True))
try:
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
except OSError:
    say("N", me)
    sys.exit()
s.setsockopt(0, 10, 3)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
s.setblocking(False)

def checksum(data):
    total = sum(struct.unpack("!%dH" % ((len(data) + 1) // 2), data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

def done(seq, *words):
    job = waiting.pop(seq, None)
    if job:
        say("P", job["index"], *words)

def emit(seq, job):
    head = lambda check: struct.pack("!BBHHH", 8, 0, check, ident, seq)
    rest = b"\0" * (job["bytes"] - 28)
    job["sent"] = time.monotonic()
    job["next"] = job["sent"] + 0.5
    try:
        s.sendto(head(checksum(head(0) + rest)) + rest, (job["address"], 0))
    except OSError as error:
        job["why"] = error.strerror
        if error.errno == errno.EMSGSIZE:
            done(seq, "no its own device:", error.strerror)

SAID = {(3, 0): "network unreachable", (3, 1): "host unreachable", (3, 9): "prohibited", (3, 10): "prohibited",
        (3, 13): "prohibited", (3, 3): "port unreachable", (11, 0): "the packet goes round in circles"}

def hear():
    while True:
        try:
            packet = s.recv(65535)
        except OSError:
            return
        source = socket.inet_ntoa(packet[12:16])
        icmp = packet[(packet[0] & 15) * 4:]
        kind, code, _, its, seq = struct.unpack_from("!BBHHH", icmp)
        if kind == 8 and source not in seen:
            seen.add(source)
            say("S", me, source)
        elif kind == 0 and its == ident and seq in waiting:
            done(seq, "ok", "%.3f" % (1000 * (time.monotonic() - waiting[seq]["sent"])))
        elif kind in (3, 11) and len(icmp) >= 36:
            inner = icmp[8:]
            t, _, _, i, n = struct.unpack_from("!BBHHH", inner, (inner[0] & 15) * 4)
            if inner[9] != 1 or t != 8 or i != ident or n not in waiting:
                continue
            if (kind, code) == (3, 4):
                done(n, "no", source, "says: too big, MTU", seq)
            else:
                waiting[n]["why"] = source + " says: " + SAID.get((kind, code), "unreachable, code %d" % code)

say("R", me)
begun = False
while True:
    if state["go"] and not begun:
        begun, start = True, time.monotonic()
        for seq, job in enumerate(jobs):
            index, address, size, delay, patience = job.split(",")
            first = start + float(delay)
            waiting[seq] = {"index": index, "address": address, "bytes": int(size), "next": first, "end": first + float(patience), "why": ""}
    now, burst = time.monotonic(), 0
    for seq, job in sorted(waiting.items()):
        if now >= job["end"]:
            done(seq, "no", job["why"])
        elif now >= job["next"]:
            burst += 1
            if burst > 64:
                break
            emit(seq, job)
    select.select([s], [], [], 0 if state["stop"] else 0.002 if burst > 64 else 0.02 if waiting else 0.2)
    last = state["stop"]
    hear()
    if last:
        break
`;
