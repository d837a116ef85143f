import { describe, expect, it, test } from "vitest";
import { expectRefused, problems, type Refused } from "../../test/inventory-problems.ts";

const hosts = "name: demo\nhosts: { h1: 10.0.0.1, h2: 10.0.0.2 }\n";
const app = `${hosts}networks: { app: { pool: 172.30.0.0/16, plane: route } }\n`;

describe("a problem says where, what and what to do", () => {
  test.each<Refused>([
    ["hosts: { h1: 10.0.0.1 }", "i.yml:1:1 name: is missing: should be a short name such as demo"],
    [
      "name: Demo\nhosts: { h1: a }",
      "i.yml:1:7 name: should be 1 to 20 lower-case letters, digits and -, starting with a letter",
    ],
    ["name: demo\nhosts: {}", "i.yml:2:8 hosts: should name at least one host"],
    ["name: demo\nhosts: { h1: [a] }", "i.yml:2:14 hosts.h1: should be text or a map"],
    ["name: demo\nhosts:\n  h1: { adress: 10.0.0.1 }", "i.yml:3:9 hosts.h1.adress: unknown key"],
    ["name: demo\nhosts:\n  h1: a\n  h1: b", "i.yml:4:3 the same key twice: keep one of them"],
    ["name: demo\nhosts: { h1: a }\nx\u001b[2J: b", "i.yml:3:1 x\\u001b[2J: unknown key"],
    ['name: demo\nhosts: { h1: a }\n"x\\ny": b', "i.yml:3:1 x\\ny: unknown key"],
    ["name: demo\nhosts: { __proto__: a, h1: b }", "i.yml:2:10 hosts.__proto__: is a word that cannot be a key here"],
    ["name: demo\nhosts: { h1: a, ? [b] : c }", "i.yml:2:8 hosts: has a list or a map for a key: write a word"],
    [
      'name: demo\nhosts: { h1: { ssh: { identityFile: "a\\0b" } } }',
      "i.yml:2:37 hosts.h1.ssh.identityFile: should have no NUL character: no program can be given one",
    ],
    [
      'name: demo\nhosts: { h1: { ssh: { identityFile: "a\\nproxycommand id" } } }',
      "i.yml:2:37 hosts.h1.ssh.identityFile: should be one line, without control characters",
    ],
    [
      `${app}containers: { c1: { host: h1, network: app, image: i, environment: { A=B: c } } }`,
      "i.yml:4:70 containers.c1.environment.A=B: should be the name of a variable: not empty, and without =",
    ],
    [
      `${app}containers: { c1: { host: h1, network: app, image: i, environment: [=c] } }`,
      "i.yml:4:69 containers.c1.environment.0: should be NAME=value, or NAME for what it is here",
    ],
    [
      `${app}containers: { c1: { host: h1, network: app, image: i, environment: { A: "\\ud800" } } }`,
      "i.yml:4:73 containers.c1.environment.A: should have no half of a character (a lone surrogate): it cannot be sent",
    ],
    [
      `${app}containers: { c1: { host: h1, network: app, image: i, mem_limit: ${"9".repeat(30)}g } }`,
      "i.yml:4:66 containers.c1.mem_limit: should be a size in bytes such as 64m",
    ],
    [
      "name: demo\ndefaults: { ssh: { host: &a { h1: a } } }\nhosts: *a",
      "i.yml:2:29 defaults.ssh.host: should be text",
    ],
    [
      `${hosts}networks: { app: { pool: 172.30.0.1/16, plane: route } }`,
      "i.yml:3:26 networks.app.pool: should be an IPv4 network such as 172.30.0.0/16, without host bits",
    ],
    [
      `${hosts}networks: { app: { plane: route } }`,
      "i.yml:3:13 networks.app: no block for h1, h2: write a pool, or subnets or existing for each",
    ],
    [
      `${hosts}networks: { app: { pool: 172.30.0.0/16, plane: vxlan, encrypt: true } }`,
      "i.yml:3:64 networks.app.encrypt: plane vxlan does not encrypt: write `plane: wireguard`, or leave the plane to xhost",
    ],
    [
      `${hosts}networks: { app: { pool: 172.30.0.0/24, plane: route } }`,
      "i.yml:3:26 networks.app.pool: 172.30.0.0/24 has 1 block of /24, 1 of them free, for 2 hosts: widen the pool or lengthen the prefix",
    ],
    [
      `${hosts}networks: { app: { pool: 10.0.0.0/16, plane: route } }`,
      "i.yml:3:26 networks.app.pool: 10.0.0.0/16 contains 10.0.0.1, the address of host h1",
    ],
    [
      `${hosts}networks:\n  a1: { pool: 172.30.0.0/16, plane: route }\n  b1: { pool: 172.30.128.0/17, plane: route }`,
      "i.yml:5:15 networks.b1.pool: 172.30.128.0/17 overlaps the pool of a1 (172.30.0.0/16)",
    ],
    [
      `${hosts}networks:\n  a1: { subnets: { h1: 172.30.0.0/24, h2: 172.30.0.0/25 }, plane: route }`,
      "i.yml:4:43 networks.a1.subnets.h2: 172.30.0.0/25 overlaps the subnet of a1 on h1 (172.30.0.0/24)",
    ],
    [
      `${hosts}networks:\n  bridge: { pool: 172.30.0.0/16, plane: route }`,
      "i.yml:4:3 networks.bridge: is a name of Docker's own: choose another, or adopt it with `existing`",
    ],
    [
      `${app}containers: { web: { host: h3, network: app, image: i } }`,
      "i.yml:4:28 containers.web.host: no host named h3 (known: h1, h2)",
    ],
    [
      `${app}containers: { web: { network: app, image: i } }`,
      "i.yml:4:15 containers.web: should have either host or hosts",
    ],
    [
      `${app}containers: { web: { host: h1, network: app } }`,
      "i.yml:4:15 containers.web.image: is missing: should be an image such as nginx:alpine",
    ],
    [
      `${app}containers: { web: { host: h1, network: app, image: i, volumes: [./a:/b] } }`,
      /containers.web.volumes.0: should be NAME:.path/,
    ],
    [
      `${app}containers: { web: { host: h1, network: app, image: i, ipv4_address: 172.31.0.2 } }`,
      /^i.yml:4:\d+ containers.web.ipv4_address: should be in 172.30.\d+.0\/24, the block of app on h1$/,
    ],
    [
      `${app}containers:\n  w1: { host: h1, network: app, image: i, ports: ["80:80"] }\n  w2: { host: h1, network: app, image: i, ports: ["127.0.0.1:80:8080"] }`,
      "i.yml:6:50 containers.w2.ports: port 80/tcp of h1 is published by w1 already",
    ],
    [
      `${app}containers: { web: { host: h1, network: app, image: i } }\nchecks: [{ from: web, to: db }]`,
      "i.yml:5:27 checks.0.to: no container named db (known: web)",
    ],
    [
      "name: ${NOPE}\nhosts: { h1: a }",
      /\$\{NOPE\} is not set in the environment: export NOPE, or write \$\{NOPE:-default\}$/,
    ],
    [
      `${hosts}networks: { app: { pool: 10.9.0.0/30, plane: route } }`,
      "i.yml:3:26 networks.app.pool: 10.9.0.0/30 is smaller than one block of /24: write a pool of /23 or wider",
    ],
    [
      `${hosts}networks: { app: { pool: 10.9.0.0/26, prefix: 24, plane: route } }`,
      "i.yml:3:47 networks.app.prefix: 10.9.0.0/26 is smaller than one block of /24: write a pool of /23 or wider, or `prefix: 27`",
    ],
    [
      `${app}containers: { web: { host: h1, network: app, image: i, cpus: many } }`,
      "i.yml:4:62 containers.web.cpus: should be a number of processors such as 1.5",
    ],
    [
      `${app}containers: { web: { hosts: [], network: app, image: i } }`,
      "i.yml:4:29 containers.web.hosts: should not be an empty list: write at least one, or leave the key out",
    ],
    [
      `${app}containers: { web: { host: h1, network: app, image: i, ports: [{ target: 70000, protocol: x }] } }`,
      /containers.web.ports.0.target: should be at most 65535$/,
    ],
    [
      `${app}containers: { web: { host: h1, network: app, image: i, ports: [{ target: 7, protocol: x }] } }`,
      /containers.web.ports.0.protocol: should be tcp, udp or sctp$/,
    ],
    ["name: demo\nhosts: [\n", /^i.yml:\d+:\d+ /],
    ["", "i.yml:1:1 name: is missing: should be a short name such as demo"],
  ])("%s", expectRefused);

  it("reports everything at once, in the order of the file", () => {
    const text = "name: X\nhosts:\n  h1: { prot: 1, address: nope }\nnetworks: { app: { pool: 1 } }\nextra: 1";
    expect(problems(text).map((line) => line.split(" ")[0])).toEqual([
      "i.yml:1:7",
      "i.yml:3:9",
      "i.yml:3:27",
      "i.yml:4:26",
      "i.yml:5:1",
    ]);
  });
});

it("finds dangling names and overlaps beside wrong keys, but no echoes of them", () => {
  const text = `${hosts}networks:\n  app: { pol: 172.30.0.0/16, plane: route }\n  web: { pool: 10.0.0.0/16, plane: route }\ncontainers: { cc: { host: h9, network: web, image: i } }`;
  expect(problems(text).map((line) => line.split(": ")[0])).toEqual([
    "i.yml:4:10 networks.app.pol",
    "i.yml:5:16 networks.web.pool",
    "i.yml:5:16 networks.web.pool",
    "i.yml:6:27 containers.cc.host",
  ]);
});

it("says of a value that is empty for want of a variable only that", () => {
  expect(problems("name: demo\nhosts: { h1: { ssh: { user: '${NOPE}' } } }")).toEqual([
    "i.yml:2:29 hosts.h1.ssh.user: ${NOPE} is not set in the environment: export NOPE, or write ${NOPE:-default}",
  ]);
});
