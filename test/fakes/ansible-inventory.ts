/** What ansible-inventory 2.14 printed for four hosts in the groups web and db. */
export const ANSIBLE = JSON.stringify({
  _meta: {
    hostvars: {
      a: {
        ansible_become: "true",
        ansible_host: "192.0.2.1",
        ansible_port: 2222,
        ansible_ssh_private_key_file: "~/.ssh/ops key",
        ansible_user: "ops",
      },
      b: {
        ansible_host: "192.0.2.2",
        ansible_ssh_common_args: `-J ops@192.0.2.9 -o "StrictHostKeyChecking no" -o UserKnownHostsFile=/dev/null`,
      },
      c: { ansible_become: "true", ansible_connection: "local" },
      d: { ansible_become: "true", ansible_host: "{{ foo }}" },
    },
  },
  all: { children: ["ungrouped", "web", "db"] },
  db: { hosts: ["c", "d"] },
  web: { hosts: ["a", "b"] },
});
