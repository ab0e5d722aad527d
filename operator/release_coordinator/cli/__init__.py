"""kubectl-release, the plugin: shows people what a Release's status says.

    main -> source (reads, follows) -> verdict (is it over, and how?)
                                    -> screen (table, JSON, YAML; once or live)
                                         -> layout -> story, advice (pure: status to text)

It has the rights of the person who calls it and writes nothing: what can be done is shown as
commands.
"""
