#!/bin/sh
# Stands in for the network agent of kind, which cannot be built without its registry: writes the
# node's CNI configuration from its pod range and keeps routes to the other nodes. It knows no
# NetworkPolicy.
set -u
account=/var/run/secrets/kubernetes.io/serviceaccount
target=/etc/cni/net.d/10-kindnet.conflist
fields='{range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address}{" "}{.spec.podCIDR}{"\n"}{end}'

configure() {
  [ -e "$target" ] && grep -q "\"$1\"" "$target" && return
  cat > "$target.new" <<EOF
{"cniVersion": "0.4.0", "name": "kindnet", "plugins": [
  {"type": "ptp", "ipMasq": true, "ipam": {
    "type": "host-local", "dataDir": "/run/cni-ipam-state",
    "routes": [{"dst": "0.0.0.0/0"}], "ranges": [[{"subnet": "$1"}]]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOF
  mv "$target.new" "$target"
}

while true; do
  kubectl --server "https://${CONTROL_PLANE_ENDPOINT}" --certificate-authority "$account/ca.crt" \
    --token "$(cat $account/token)" get nodes -o "jsonpath=$fields" |
    while read -r address range; do
      [ -n "$range" ] || continue
      if [ "$address" = "$HOST_IP" ]; then
        configure "$range"
      else
        ip route replace "$range" via "$address"
      fi
    done
  if [ -e "$target" ]; then sleep 15; else sleep 1; fi
done
