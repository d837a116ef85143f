import { expect, test } from "vitest";
import type { Service } from "../inventory/compose.ts";
import { containerBody, volumesOf } from "./container-body.ts";

const on = { network: "app", address: undefined };
const body = (service: Partial<Service>, env = {}) => containerBody({ image: "i", ...service }, on, env);

// One line per Compose key: what is written, and what Docker's API gets (top level or HostConfig).
test.each<[Partial<Service>, object]>([
  [{ command: "sh -c 'echo a b'" }, { Cmd: ["sh", "-c", "echo a b"] }],
  [{ command: ["a", "b c"] }, { Cmd: ["a", "b c"] }],
  [{ entrypoint: "/run.sh --x" }, { Entrypoint: ["/run.sh", "--x"] }],
  [{ environment: { A: 1, B: true, C: "x=y" } }, { Env: ["A=1", "B=true", "C=x=y"] }],
  [{ environment: ["A=1", "FROM_SHELL", "UNSET"] }, { Env: ["A=1", "FROM_SHELL=here"] }],
  [{ environment: { FROM_SHELL: null } }, { Env: ["FROM_SHELL=here"] }],
  [{ labels: ["a=b", "c"] }, { Labels: { a: "b", c: "" } }],
  [
    { user: "1000:1000", working_dir: "/w", hostname: "n", tty: true, stdin_open: true },
    { User: "1000:1000", WorkingDir: "/w", Hostname: "n", Tty: true, OpenStdin: true },
  ],
  [
    { stop_grace_period: "1m30s", stop_signal: "SIGINT" },
    { StopTimeout: 90, StopSignal: "SIGINT" },
  ],
  [
    { healthcheck: { test: "curl x", interval: "10s", retries: 3 } },
    { Healthcheck: { Test: ["CMD-SHELL", "curl x"], Interval: 1e10, Retries: 3 } },
  ],
  [{ healthcheck: { disable: true } }, { Healthcheck: { Test: ["NONE"] } }],
])("%j", (service, expected) => {
  expect(body(service, { FROM_SHELL: "here" })).toMatchObject(expected);
});
test.each<[Partial<Service>, object]>([
  [{ volumes: ["data:/d", "/srv:/srv:ro"] }, { Binds: ["data:/d", "/srv:/srv:ro"] }],
  [
    {
      volumes: [
        "/cache",
        { type: "tmpfs", target: "/t" },
        { type: "volume", source: "v", target: "/v", read_only: true },
      ],
    },
    { Binds: ["v:/v:ro"], Mounts: [{ Type: "volume", Target: "/cache" }], Tmpfs: { "/t": "" } },
  ],
  [
    { ports: ["8080:80", "127.0.0.1:53:53/udp", 90] },
    {
      PortBindings: {
        "80/tcp": [{ HostIp: "", HostPort: "8080" }],
        "53/udp": [{ HostIp: "127.0.0.1", HostPort: "53" }],
        "90/tcp": [{ HostIp: "", HostPort: "" }],
      },
    },
  ],
  [
    { ports: ["8000-8001:80-81"] },
    { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8000" }], "81/tcp": [{ HostIp: "", HostPort: "8001" }] } },
  ],
  [{ restart: "on-failure:3" }, { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 } }],
  [{ restart: "unless-stopped" }, { RestartPolicy: { Name: "unless-stopped" } }],
  [
    { cap_add: ["NET_RAW"], cap_drop: ["ALL"], privileged: true },
    { CapAdd: ["NET_RAW"], CapDrop: ["ALL"], Privileged: true },
  ],
  [
    { extra_hosts: ["a:10.0.0.1"], dns: "1.1.1.1" },
    { ExtraHosts: ["a:10.0.0.1"], Dns: ["1.1.1.1"] },
  ],
  [
    { ulimits: { nofile: 1024, nproc: { soft: 1, hard: 2 } } },
    {
      Ulimits: [
        { Name: "nofile", Soft: 1024, Hard: 1024 },
        { Name: "nproc", Soft: 1, Hard: 2 },
      ],
    },
  ],
  [
    { shm_size: "64m", mem_limit: "1gb", cpus: "0.5" },
    { ShmSize: 67108864, Memory: 1073741824, NanoCpus: 5e8 },
  ],
  [
    { devices: ["/dev/net/tun"] },
    { Devices: [{ PathOnHost: "/dev/net/tun", PathInContainer: "/dev/net/tun", CgroupPermissions: "rwm" }] },
  ],
  [
    { logging: { driver: "local", options: { "max-size": "1m" } } },
    { LogConfig: { Type: "local", Config: { "max-size": "1m" } } },
  ],
])("HostConfig of %j", (service, expected) => {
  expect(body(service).HostConfig).toMatchObject(expected);
});
test("nothing is sent that was not written", () => {
  expect(body({})).toEqual({
    Image: "i",
    HostConfig: { NetworkMode: "app" },
    NetworkingConfig: { EndpointsConfig: { app: {} } },
  });
});
test("a fixed address goes to the network's endpoint", () => {
  const fixed = containerBody({ image: "i" }, { network: "app", address: "172.30.1.9" });
  expect(fixed.NetworkingConfig).toEqual({ EndpointsConfig: { app: { IPAMConfig: { IPv4Address: "172.30.1.9" } } } });
});
test("named volumes are known by name", () => {
  expect(
    volumesOf({
      image: "i",
      volumes: ["data:/d", "/srv:/srv", "/anon", { type: "volume", source: "v", target: "/v" }],
    }),
  ).toEqual(["data", "v"]);
});
