// What is written of a host, and of the way to it.
import { test } from "vitest";
import { expectRefused, type Refused } from "../../test/inventory-problems.ts";

test.each<Refused>([
  [
    "name: demo\nhosts:\n  h1: { address: 010.0.0.1 }",
    "i.yml:3:18 hosts.h1.address: should be an IPv4 address such as 10.0.0.2",
  ],
  [
    "name: demo\nhosts: { h1: { ssh: { host: -oProxyCommand=id } } }",
    "i.yml:2:29 hosts.h1.ssh.host: should be a name, an address or a Host alias of ~/.ssh/config: without blanks and quotes, not beginning with -",
  ],
  [
    "name: demo\nhosts: { h1: { ssh: { user: $(id) } } }",
    "i.yml:2:29 hosts.h1.ssh.user: should be the name of a user: without quotes, brackets and ; & < > |, not beginning with -",
  ],
  [
    "name: demo\nhosts: { h1: { ssh: { proxyJump: 'a,-oProxyCommand=id' } } }",
    "i.yml:2:34 hosts.h1.ssh.proxyJump: should be a jump host such as ops@bastion:22, or several with commas: without blanks and quotes, not beginning with -",
  ],
  ["name: demo\nhosts: { 'h@1': a }", "i.yml:2:10 hosts.h@1: should be a host name: letters, digits, _ . or -"],
  ["name: demo\nhosts: { h1: { ssh: { port: many } } }", "i.yml:2:29 hosts.h1.ssh.port: should be a port number"],
  ["name: demo\nhosts: { h1: 10.0.0.1, h2: 10.0.0.1 }", "i.yml:2:24 hosts.h2: is the same host as h1 (10.0.0.1)"],
  ["name: demo\nhosts: { h1: '' }", "i.yml:2:14 hosts.h1: should not be empty: write it, or leave the key out"],
  [
    "name: demo\nhosts: { h1: { ssh: { user: '' } } }",
    "i.yml:2:29 hosts.h1.ssh.user: should not be empty: write it, or leave the key out",
  ],
  [
    "name: demo\nhosts: { h1: '10.0.0.8:2222' }",
    "i.yml:2:14 hosts.h1: should be without the port: write `{ ssh: { host: 10.0.0.8, port: 2222 } }`",
  ],
  [
    "name: demo\nhosts: { h1: { ssh: { host: 10.0.0.256 } } }",
    "i.yml:2:29 hosts.h1.ssh.host: should be an IPv4 address such as 10.0.0.2, or a name",
  ],
  ["name: demo\nhosts: { h1: a b }", /hosts.h1: should be a name, .* without blanks and quotes, not beginning with -$/],
  ["name: demo\nhosts: { h1: -oProxyCommand=x }", /hosts.h1: should be a name, .* not beginning with -$/],
  [
    "name: demo\nhosts: { h1: { ssh: { proxyJump: a, proxyCommand: b } } }",
    "i.yml:2:51 hosts.h1.ssh.proxyCommand: stands beside proxyJump, and ssh would take that: take proxyCommand out, or proxyJump",
  ],
])("%s", expectRefused);
