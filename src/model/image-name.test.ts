import { expect, test } from "vitest";
import { listedName, withTag } from "./image-name.ts";

test.each([
  ["nginx", "nginx:latest"],
  ["nginx:alpine", "nginx:alpine"],
  ["docker.io/library/nginx:alpine", "nginx:alpine"],
  ["docker.io/grafana/grafana", "grafana/grafana:latest"],
  ["registry.local:5000/web", "registry.local:5000/web:latest"],
  ["registry.local:5000/web:1", "registry.local:5000/web:1"],
  ["nginx:alpine@sha256:abc", "nginx@sha256:abc"],
])("%s is listed as %s", (image, name) => {
  expect(listedName(image)).toBe(name);
});
test.each([
  ["registry.local:5000/web", "registry.local:5000/web:latest"],
  ["nginx@sha256:abc", "nginx@sha256:abc"],
])("%s is pulled as %s", (image, name) => {
  expect(withTag(image)).toBe(name);
});
