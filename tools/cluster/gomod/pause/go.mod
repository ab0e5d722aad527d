// The program that holds a pod's namespaces open; kind's node image wants one.
module release-coordinator.io/cluster/pause

go 1.26.0
