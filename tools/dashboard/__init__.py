"""The Grafana dashboard of the chart.

`releases` and `running` say what it shows, `layout` where. A test asks all of it of a Prometheus
and compares its names with those that the operator exports.
"""
