"""The commands of the plugin, one module each; `cli.main` puts them together."""
