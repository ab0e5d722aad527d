#!/bin/sh
# Runs once inside the node image: turns plain Debian packages into a kind node. It does what the
# install steps of kind's own base image do, by other means.
set -eu

# A node is a container: no login prompts, timers, udev or binfmt registration in it.
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/* \
  /lib/systemd/system/local-fs.target.wants/* /lib/systemd/system/basic.target.wants/* \
  /lib/systemd/system/sockets.target.wants/*udev* \
  /lib/systemd/system/sockets.target.wants/*initctl* \
  /lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
echo "ReadKMsg=no" >> /etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd /sbin/init
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service

mkdir -p /etc/kubernetes/manifests /opt/cni/bin
ln -s /usr/lib/cni/* /opt/cni/bin/

# Containers of pods start from this description; the hook hides the machine's identity.
ctr oci spec > /tmp/spec.json
jq 'del(.process.rlimits)
  | .hooks.createContainer += [{"path": "/kind/bin/mount-product-files.sh"}]' \
  /tmp/spec.json > /etc/containerd/cri-base.json
rm /tmp/spec.json

# Without the right to lower it, a negative OOM score makes runc fail.
sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' /etc/containerd/config.toml
grep -q 'restrict_oom_score_adj = true' /etc/containerd/config.toml
