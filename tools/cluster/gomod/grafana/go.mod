// What reads a Grafana dashboard by Grafana's own types; a test of ours wants it.
module release-coordinator.io/cluster/grafana

go 1.26.0

require github.com/grafana/grafana-foundation-sdk/go v0.0.22
