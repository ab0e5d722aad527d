// dashboard-check reads a dashboard from standard input and says where it is not what Grafana's
// published types know: fields that nobody reads, values of another type, plugins that are missing.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	raw, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err.Error())
	}
	plugins.RegisterDefaultPlugins()
	var found dashboard.Dashboard
	// Without a fault there is an error too, an empty list of them.
	if err := found.UnmarshalJSONStrict(raw); err != nil && err.Error() != "" {
		fail(err.Error())
	}
	if err := found.Validate(); err != nil && err.Error() != "" {
		fail(err.Error())
	}
}

func fail(faults string) {
	fmt.Fprintln(os.Stderr, faults)
	os.Exit(1)
}
